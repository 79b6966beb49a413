/** The operations on models and endpoint configurations. */
import type {
  CreateEndpointConfigOutput,
  CreateModelOutput,
  DeleteEndpointConfigInput,
  DeleteModelInput,
  DescribeEndpointConfigInput,
  DescribeEndpointConfigOutput,
  DescribeModelInput,
  DescribeModelOutput,
  ListEndpointConfigsInput,
  ListEndpointConfigsOutput,
  ListModelsInput,
  ListModelsOutput,
} from '@aws-sdk/client-sagemaker'
import { arnOf } from '../api/arn.ts'
import type { Checked } from '../api/checked.ts'
import { invalid } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import { s3Place } from '../files.ts'
import { findImage } from '../images.ts'
import { listPage } from '../listing.ts'
import { dropTags, setTags } from '../tags.ts'
import { modelSource } from './model-source.ts'
import type { EndpointConfigRecord, ModelRecord, Served, VariantRequest } from './records.ts'

/** Sizes of serverless instances, in MB. */
const serverlessSizes = [1024, 2048, 3072, 4096, 5120, 6144]

export function modelOperations(standIn: StandIn) {
  const { models, endpointConfigs } = standIn.stores
  return {
    async CreateModel(request: ModelRecord['request']): Promise<CreateModelOutput> {
      const name = request.ModelName
      const arn = arnOf('model', name)
      const { imageUri, archiveUri } = modelSource(standIn, request)
      findImage(standIn.containers(), imageUri)
      if (archiveUri !== undefined && !(await standIn.files.exists(s3Place(archiveUri)))) {
        throw invalid(`Could not find model data at ${archiveUri}.`)
      }
      if (models.get(name) !== undefined)
        throw invalid(`Cannot create already existing model "${arn}".`)
      models.put({ name, createdAt: standIn.clock.now(), request })
      setTags(standIn, arn, request.Tags)
      return { ModelArn: arn }
    },
    DescribeModel({ ModelName }: Checked<DescribeModelInput>): DescribeModelOutput {
      const { name, createdAt, request } = findModel(standIn, ModelName)
      const { Tags: _tags, ModelName: _name, ...asked } = request
      return {
        // Readonly throughout; the SDK's types are not.
        ...(asked as Omit<DescribeModelOutput, 'ModelName' | 'ModelArn' | 'CreationTime'>),
        ModelName: name,
        ModelArn: arnOf('model', name),
        CreationTime: new Date(createdAt),
        EnableNetworkIsolation: request.EnableNetworkIsolation ?? false,
      }
    },
    ListModels(request: Checked<ListModelsInput>): ListModelsOutput {
      const { page, NextToken } = listPage(models.all(), request)
      const Models = page.map(({ name, createdAt }) => ({
        ModelName: name,
        ModelArn: arnOf('model', name),
        CreationTime: new Date(createdAt),
      }))
      return { Models, NextToken }
    },
    DeleteModel({ ModelName }: Checked<DeleteModelInput>): undefined {
      findModel(standIn, ModelName)
      models.delete(ModelName)
      dropTags(standIn, arnOf('model', ModelName))
    },

    CreateEndpointConfig(request: EndpointConfigRecord['request']): CreateEndpointConfigOutput {
      const name = request.EndpointConfigName
      const arn = arnOf('endpoint-config', name)
      if (endpointConfigs.get(name) !== undefined) {
        throw invalid(`Cannot create already existing endpoint configuration "${arn}".`)
      }
      assertPossible(standIn, request)
      endpointConfigs.put({ name, createdAt: standIn.clock.now(), request })
      setTags(standIn, arn, request.Tags)
      return { EndpointConfigArn: arn }
    },
    DescribeEndpointConfig({
      EndpointConfigName,
    }: Checked<DescribeEndpointConfigInput>): DescribeEndpointConfigOutput {
      const { name, createdAt, request } = findEndpointConfig(standIn, EndpointConfigName)
      const { Tags: _tags, EndpointConfigName: _name, ...asked } = request
      return {
        // Readonly throughout; the SDK's types are not.
        ...(asked as Pick<DescribeEndpointConfigOutput, 'ProductionVariants'>),
        EndpointConfigName: name,
        EndpointConfigArn: arnOf('endpoint-config', name),
        CreationTime: new Date(createdAt),
      }
    },
    ListEndpointConfigs(request: Checked<ListEndpointConfigsInput>): ListEndpointConfigsOutput {
      const { page, NextToken } = listPage(endpointConfigs.all(), request)
      const EndpointConfigs = page.map(({ name, createdAt }) => ({
        EndpointConfigName: name,
        EndpointConfigArn: arnOf('endpoint-config', name),
        CreationTime: new Date(createdAt),
      }))
      return { EndpointConfigs, NextToken }
    },
    DeleteEndpointConfig({ EndpointConfigName }: Checked<DeleteEndpointConfigInput>): undefined {
      findEndpointConfig(standIn, EndpointConfigName)
      endpointConfigs.delete(EndpointConfigName)
      dropTags(standIn, arnOf('endpoint-config', EndpointConfigName))
    },
  }
}

function findModel({ stores }: StandIn, name: string): ModelRecord {
  const found = stores.models.get(name)
  if (found === undefined) throw invalid(`Could not find model "${arnOf('model', name)}".`)
  return found
}

export function findEndpointConfig({ stores }: StandIn, name: string): EndpointConfigRecord {
  const found = stores.endpointConfigs.get(name)
  if (found !== undefined) return found
  throw invalid(`Could not find endpoint configuration "${arnOf('endpoint-config', name)}".`)
}

/** A configuration with its models as they are now. @throws a `ValidationException` when one is not there */
export function servedBy(standIn: StandIn, config: EndpointConfigRecord): Served {
  const sources = config.request.ProductionVariants.map(({ VariantName, ModelName = '' }) => {
    return [VariantName, modelSource(standIn, findModel(standIn, ModelName).request)]
  })
  return { config, sources: Object.fromEntries(sources) }
}

function assertPossible(standIn: StandIn, request: EndpointConfigRecord['request']): void {
  if (request.DataCaptureConfig?.EnableCapture === true) {
    throw invalid('The stand-in has no data capture.')
  }
  if (
    request.AsyncInferenceConfig !== undefined ||
    request.ShadowProductionVariants !== undefined
  ) {
    throw invalid('The stand-in has no asynchronous inference and no shadow variants.')
  }
  const names = request.ProductionVariants.map(({ VariantName }) => VariantName)
  if (new Set(names).size < names.length) throw invalid('Production variant names must be unique.')
  for (const variant of request.ProductionVariants) assertVariant(standIn, variant)
}

function assertVariant(standIn: StandIn, variant: VariantRequest): void {
  const { VariantName, ModelName, InstanceType, InitialInstanceCount, ServerlessConfig } = variant
  if (ModelName === undefined) throw invalid(`ModelName is required for variant ${VariantName}.`)
  findModel(standIn, ModelName)
  if (ServerlessConfig === undefined) {
    if (InstanceType !== undefined && InitialInstanceCount !== undefined) return
    throw invalid(
      `Either ServerlessConfig, or InstanceType and InitialInstanceCount, are required for variant ${VariantName}.`,
    )
  }
  if (InstanceType !== undefined || InitialInstanceCount !== undefined) {
    throw invalid(
      `InstanceType and InitialInstanceCount must not be given with ServerlessConfig for variant ${VariantName}.`,
    )
  }
  if (!serverlessSizes.includes(ServerlessConfig.MemorySizeInMB)) {
    throw invalid(
      `1 validation error detected: Value '${ServerlessConfig.MemorySizeInMB}' at 'productionVariants.1.member.serverlessConfig.memorySizeInMB' failed to satisfy constraint: Member must satisfy enum value set: [${serverlessSizes.join(', ')}]`,
    )
  }
}
