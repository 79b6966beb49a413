/** What an endpoint has served: the configurations that its deployments left, newest first. */
import {
  type EndpointConfigSummary,
  paginateListEndpointConfigs,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker'
import { asked } from '../sagemaker/asked.ts'
import { versionIn } from './names.ts'

export type KeptDeployment = {
  readonly name: string
  readonly version: number
  readonly createdAt: Date
}

/** Deployments that failed have left none. @throws as `asked` */
export function listDeployments(
  control: SageMakerClient,
  endpoint: string,
): Promise<readonly KeptDeployment[]> {
  const request = {
    NameContains: endpoint,
    SortBy: 'CreationTime',
    SortOrder: 'Descending',
  } as const
  const gather = async () => {
    const found: KeptDeployment[] = []
    for await (const page of paginateListEndpointConfigs({ client: control }, request)) {
      found.push(...(page.EndpointConfigs ?? []).flatMap((each) => toDeployment(endpoint, each)))
    }
    return found.sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime())
  }
  return asked(`list the deployments of ${endpoint}`, gather())
}

function toDeployment(
  endpoint: string,
  { EndpointConfigName: name = '', CreationTime: createdAt = new Date(0) }: EndpointConfigSummary,
): KeptDeployment[] {
  const version = versionIn(endpoint, name)
  return version === undefined ? [] : [{ name, version, createdAt }]
}

/**
 * What served before a deployment whose end nobody has seen: it may be of the same version, on what that ran on. What a
 * command saw serving goes before what may have been left by one that was killed.
 * @param kept newest first
 * @param done names of deployments that came to serve
 */
export function deploymentToReturnTo(
  kept: readonly KeptDeployment[],
  name: string,
  rejected: readonly number[],
  done: ReadonlySet<string>,
): KeptDeployment | undefined {
  const place = kept.findIndex((each) => each.name === name)
  const older = kept.slice(place + 1).filter(({ version }) => !rejected.includes(version))
  return older.find((each) => done.has(each.name)) ?? older[0]
}

/**
 * What served before: an earlier deployment of another version, which nobody has rejected since. As above, what came to
 * serve goes before what a command that was killed may have left.
 * @param kept newest first
 * @param name of the deployment that serves; every one of ours is before one that is not in `kept`
 * @param done names of deployments that came to serve
 */
export function deploymentBefore(
  kept: readonly KeptDeployment[],
  name: string,
  rejected: readonly number[],
  done: ReadonlySet<string>,
): KeptDeployment | undefined {
  const current = kept.find((each) => each.name === name)
  const others = kept.filter((each) => each === current || each.version !== current?.version)
  return deploymentToReturnTo(others, name, rejected, done)
}
