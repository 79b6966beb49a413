/** Models, endpoint configurations and endpoints as they are kept. */
import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  DeploymentConfig,
  EndpointStatus,
} from '@aws-sdk/client-sagemaker'
import type { Checked } from '../api/checked.ts'
import type { Stored } from '../store.ts'

export type ModelRecord = Stored & { readonly request: Checked<CreateModelInput> }

/** What a model consists of. */
export type ModelSource = {
  readonly imageUri: string
  /** `s3://…/model.tar.gz`; undefined for an image that brings its model. */
  readonly archiveUri?: string | undefined
  readonly env: Readonly<Record<string, string>>
}

export type EndpointConfigRecord = Stored & { readonly request: Checked<CreateEndpointConfigInput> }

export type VariantRequest = EndpointConfigRecord['request']['ProductionVariants'][number]

/** What may differ from the configuration by now. */
export type VariantState = {
  readonly name: string
  readonly weight: number
  readonly instanceCount: number
}

/** A configuration with what its models were, by variant: what is deleted once it serves goes on serving. */
export type Served = {
  readonly config: EndpointConfigRecord
  readonly sources: Readonly<Record<string, ModelSource>>
}

export type EndpointRecord = Stored & {
  readonly modifiedAt: number
  readonly status: EndpointStatus
  /** The configuration that serves; while it is being created, the one that shall. */
  readonly configName: string
  /** What has served; undefined until something has. */
  readonly served?: Served
  /** The configuration that an update is on its way to. */
  readonly pendingConfigName?: string
  readonly variants: readonly VariantState[]
  readonly failureReason?: string
  readonly deployment?: Checked<DeploymentConfig>
}

export function variantStates(config: EndpointConfigRecord): readonly VariantState[] {
  return config.request.ProductionVariants.map((variant) => ({
    name: variant.VariantName,
    weight: variant.InitialVariantWeight ?? 1,
    instanceCount: variant.InitialInstanceCount ?? 1,
  }))
}
