/** What a model consists of: an image, an archive, an environment; or the model package that names them. */
import type { ContainerDefinition } from '@aws-sdk/client-sagemaker'
import { arnOf, nameOf } from '../api/arn.ts'
import type { Checked } from '../api/checked.ts'
import { invalid } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import type { ModelRecord, ModelSource } from './records.ts'

/** @throws a `ValidationException` for what is incomplete, or what the stand-in does not do */
export function modelSource(standIn: StandIn, request: ModelRecord['request']): ModelSource {
  const containers = [
    ...(request.PrimaryContainer ? [request.PrimaryContainer] : []),
    ...(request.Containers ?? []),
  ]
  const [container] = containers
  if (container === undefined)
    throw invalid('You must specify either PrimaryContainer or Containers.')
  if (containers.length > 1) throw invalid('The stand-in runs models of one container.')
  if (container.Mode === 'MultiModel') throw invalid('The stand-in has no multi-model containers.')
  const packaged =
    container.ModelPackageName === undefined
      ? undefined
      : fromPackage(standIn, container.ModelPackageName)
  const imageUri = container.Image ?? packaged?.imageUri
  if (imageUri === undefined)
    throw invalid('You must specify an Image or a ModelPackageName for the container.')
  const archiveUri = container.ModelDataUrl ?? archiveOf(container) ?? packaged?.archiveUri
  return { imageUri, archiveUri, env: { ...packaged?.env, ...container.Environment } }
}

function fromPackage({ stores }: StandIn, nameOrArn: string): ModelSource {
  const name = nameOf('model-package', nameOrArn)
  const found = stores.packages.get(name)
  if (found === undefined)
    throw invalid(`ModelPackage ${arnOf('model-package', name)} does not exist.`)
  const container = found.request.InferenceSpecification?.Containers[0]
  if (container?.Image === undefined) {
    throw invalid(`ModelPackage ${arnOf('model-package', name)} has no inference specification.`)
  }
  return {
    imageUri: container.Image,
    archiveUri: container.ModelDataUrl ?? archiveOf(container),
    env: container.Environment ?? {},
  }
}

function archiveOf({
  ModelDataSource,
}: Pick<Checked<ContainerDefinition>, 'ModelDataSource'>): string | undefined {
  const source = ModelDataSource?.S3DataSource
  if (source === undefined) return undefined
  if (source.S3DataType !== 'S3Object' || source.CompressionType !== 'Gzip') {
    throw invalid('The stand-in takes model data as one S3Object with CompressionType Gzip.')
  }
  return source.S3Uri
}
