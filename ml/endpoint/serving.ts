/** Which endpoints serve a version, whoever deployed it there. */
import {
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  paginateListEndpoints,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker'
import { asked, askedIfThere } from '../sagemaker/asked.ts'
import { configsOf, findEndpoint } from './endpoint.ts'
import { versionIn } from './names.ts'

/**
 * Names of the endpoints that serve a model package, or are on their way to it.
 * @throws as `asked`
 */
export async function endpointsServing(
  control: SageMakerClient,
  modelPackageArn: string,
): Promise<readonly string[]> {
  const gather = async () => {
    const names: string[] = []
    for await (const page of paginateListEndpoints({ client: control }, {})) {
      names.push(...(page.Endpoints ?? []).flatMap(({ EndpointName: name }) => name ?? []))
    }
    return names
  }
  const found: string[] = []
  for (const name of await asked('list the endpoints', gather())) {
    const endpoint = await findEndpoint(control, name)
    const serves = endpoint?.EndpointStatus !== 'Failed' && endpoint?.EndpointStatus !== 'Deleting'
    const packages = await Promise.all(configsOf(endpoint).map((each) => packagesOf(control, each)))
    if (serves && packages.flat().includes(modelPackageArn)) found.push(name)
  }
  return found
}

/**
 * The version of a model that a configuration is of, by its model package: several models may have deployments of one
 * version on an endpoint. By its name where its model was deleted.
 * @returns undefined for what is of another model, or tells nothing
 */
export async function versionOf(
  control: SageMakerClient,
  endpoint: string,
  model: string,
  config: string,
): Promise<number | undefined> {
  const packages = (await packagesOf(control, config)).filter((arn) => arn !== undefined)
  if (packages.length === 0) return versionIn(endpoint, config)
  for (const arn of packages) {
    const [, group, version] = /:model-package\/([^/]+)\/(\d+)$/.exec(arn) ?? []
    if (group === model) return Number(version)
  }
  return undefined
}

/** The model packages of an endpoint configuration; none of what has been deleted. */
async function packagesOf(
  control: SageMakerClient,
  name: string,
): Promise<readonly (string | undefined)[]> {
  const command = new DescribeEndpointConfigCommand({ EndpointConfigName: name })
  const config = await askedIfThere(
    `describe endpoint configuration ${name}`,
    control.send(command),
  )
  const models = (config?.ProductionVariants ?? []).map(async ({ ModelName }) => {
    const described = control.send(new DescribeModelCommand({ ModelName }))
    const model = await askedIfThere(`describe model ${ModelName}`, described)
    return (model?.PrimaryContainer ?? model?.Containers?.[0])?.ModelPackageName
  })
  return await Promise.all(models)
}
