/** What an endpoint serves now, as SageMaker itself says it: what was deployed elsewhere, or by hand, counts too. */
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointOutput,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  type SageMakerClient,
  SageMakerServiceException,
} from '@aws-sdk/client-sagemaker'

export type Champion = {
  readonly endpointName: string
  readonly variantName: string
  /** The name of the model in SageMaker, not that in its answers. */
  readonly modelName: string
  readonly modelPackageArn?: string | undefined
  /** As its answers and serving.json call it; undefined where no model package says it (`model_version`). */
  readonly modelVersion?: string | undefined
  /** `s3://…/model.tar.gz` */
  readonly artifactUri: string
  /** When the model was made in SageMaker, ISO, UTC. */
  readonly createdAt: string
}

type Clients = { readonly control: SageMakerClient }
type Asked = { readonly abortSignal?: AbortSignal }

/**
 * The model that gets most requests of an endpoint; undefined when there is no endpoint that answers.
 * @throws what the SDK throws when SageMaker does not answer
 */
export async function findChampion(
  clients: Clients,
  endpointName: string,
  options: Asked = {},
): Promise<Champion | undefined> {
  const [first] = await findServed(clients, endpointName, options)
  return first
}

/** The models of all variants of an endpoint, that with the greatest weight first; none when nothing answers. */
export async function findServed(
  { control }: Clients,
  endpointName: string,
  options: Asked = {},
): Promise<readonly Champion[]> {
  const endpoint = await describeEndpoint(control, endpointName, options)
  if (endpoint === undefined || !answering.has(endpoint.EndpointStatus ?? '')) return []
  const { ProductionVariants: configured = [] } = await control.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint.EndpointConfigName }),
    options,
  )
  const weights = new Map(
    endpoint.ProductionVariants?.map(({ VariantName, CurrentWeight }) => [
      VariantName,
      CurrentWeight ?? 0,
    ]),
  )
  const weightOf = ({ VariantName }: { VariantName?: string | undefined }) =>
    weights.get(VariantName) ?? 0
  const variants = configured.toSorted((left, right) => weightOf(right) - weightOf(left))
  return await Promise.all(
    variants.map(async ({ VariantName = '', ModelName = '' }) => ({
      endpointName,
      variantName: VariantName,
      ...(await describeModel(control, ModelName, options)),
    })),
  )
}

/** An endpoint that is being changed goes on with what it has, also when that did not work. */
const answering: ReadonlySet<string> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
])

async function describeEndpoint(
  control: SageMakerClient,
  EndpointName: string,
  options: Asked,
): Promise<DescribeEndpointOutput | undefined> {
  try {
    return await control.send(new DescribeEndpointCommand({ EndpointName }), options)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** SageMaker has no error of its own for an endpoint that is not there. */
function isNotFound(error: unknown): boolean {
  return (
    error instanceof SageMakerServiceException &&
    error.name === 'ValidationException' &&
    error.message.startsWith('Could not find endpoint')
  )
}

async function describeModel(control: SageMakerClient, ModelName: string, options: Asked) {
  const model = await control.send(new DescribeModelCommand({ ModelName }), options)
  const container = model.PrimaryContainer ?? model.Containers?.[0]
  const ModelPackageName = container?.ModelPackageName
  const described =
    ModelPackageName === undefined
      ? undefined
      : await control.send(new DescribeModelPackageCommand({ ModelPackageName }), options)
  const packaged = described?.InferenceSpecification?.Containers?.[0]
  return {
    modelName: ModelName,
    modelPackageArn: described?.ModelPackageArn ?? ModelPackageName,
    modelVersion: described?.CustomerMetadataProperties?.['model_version'],
    artifactUri: container?.ModelDataUrl ?? packaged?.ModelDataUrl ?? '',
    createdAt: (model.CreationTime ?? new Date(0)).toISOString(),
  }
}
