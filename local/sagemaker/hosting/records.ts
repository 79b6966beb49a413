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

export type EndpointConfigRecord = Stored & { readonly request: Checked<CreateEndpointConfigInput> }

export type VariantRequest = EndpointConfigRecord['request']['ProductionVariants'][number]

/** What may differ from the configuration by now. */
export type VariantState = {
  readonly name: string
  readonly weight: number
  readonly instanceCount: number
}

export type EndpointRecord = Stored & {
  readonly modifiedAt: number
  readonly status: EndpointStatus
  /** The configuration that serves; while it is being created, the one that shall. */
  readonly configName: string
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
