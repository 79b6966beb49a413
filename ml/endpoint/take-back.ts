/** Takes a deployment back, and what is left of deployments. */
import {
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  type DescribeEndpointOutput,
  type SageMakerClient,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker'
import { messageOf } from '../../core/errors.ts'
import { asked, askedIfThere } from '../sagemaker/asked.ts'
import { listDeployments } from './deployments.ts'
import {
  configsOf,
  deleteEndpoint,
  findEndpoint,
  type Waiting,
  waitForEndpoint,
} from './endpoint.ts'

/**
 * What served before serves again, and what was made for this deployment is gone. What was begun is ended: Ctrl-C does
 * not leave an endpoint with what it should not have.
 * @returns why the endpoint still has it
 */
export async function takeBack(
  control: SageMakerClient,
  { endpoint, name }: { readonly endpoint: string; readonly name: string },
  previous: string | undefined,
  { maxSeconds }: Waiting,
): Promise<string | undefined> {
  const waiting = { maxSeconds, signal: new AbortController().signal }
  try {
    const now = await findEndpoint(control, endpoint)
    const isOurs = now?.EndpointConfigName === name // else somebody else has changed it since
    if (isOurs && previous === undefined) await deleteEndpoint(control, endpoint, waiting)
    else if (isOurs && previous !== undefined) {
      const after = await moveEndpoint(control, endpoint, previous, waiting)
      if (after.EndpointConfigName === name) return after.FailureReason ?? 'SageMaker says not why'
    }
  } catch (error) {
    return messageOf(error)
  }
  // What is left of it costs nothing, and the next deployment drops it.
  await dropDeployment(control, name).catch(() => {})
  return undefined
}

/**
 * Deletes deployments that were begun between what served before and this one, and did not come to serve, or no longer:
 * a command was killed, or they were rolled back. A later roll-back must not find them. What is newer than this one is
 * another command's, which may serve.
 * @param previous what served before; undefined when nothing did, then nothing older can be gone back to
 * @throws as `asked`
 */
export async function dropUnfinished(
  control: SageMakerClient,
  endpoint: string,
  name: string,
  previous: string | undefined,
): Promise<void> {
  const kept = await listDeployments(control, endpoint)
  const own = kept.findIndex((each) => each.name === name)
  if (own === -1) return
  const before = kept.findIndex((each) => each.name === previous)
  // One that was made by hand is not in the list, and tells nothing about what is.
  const end = previous === undefined ? kept.length : Math.max(before, 0)
  for (const each of kept.slice(own + 1, end)) await dropDeployment(control, each.name)
}

/** How a roll-back ended; `unfinished` when the endpoint has what was asked for, or comes to have it, unwatched. */
type RolledBack =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'unfinished'; readonly cause: unknown }
  | { readonly outcome: 'failed'; readonly reason: string }

/**
 * Moves an endpoint to a configuration that it had before. When that throws, the endpoint tells what became of it: an
 * answer may have been lost, and SageMaker goes on when nobody waits.
 * @throws as `moveEndpoint`, when the endpoint stays as it is
 */
export async function rollBackTo(
  control: SageMakerClient,
  endpoint: string,
  config: string,
  waiting: Waiting,
): Promise<RolledBack> {
  try {
    const after = await moveEndpoint(control, endpoint, config, waiting)
    if (after.EndpointConfigName === config) return { outcome: 'done' }
    const reason = after.FailureReason ?? `it is ${after.EndpointStatus}`
    return { outcome: 'failed', reason }
  } catch (cause) {
    const now = await findEndpoint(control, endpoint).catch(() => undefined)
    if (configsOf(now).includes(config)) return { outcome: 'unfinished', cause }
    throw cause
  }
}

/**
 * Moves an endpoint to a configuration that it had before.
 * @throws `ml/endpoint-busy`, `ml/deploy-unfinished`, and as `asked`
 */
async function moveEndpoint(
  control: SageMakerClient,
  endpoint: string,
  config: string,
  waiting: Waiting,
): Promise<DescribeEndpointOutput> {
  const names = { EndpointName: endpoint, EndpointConfigName: config }
  await asked(
    `move endpoint ${endpoint} to ${config}`,
    control.send(new UpdateEndpointCommand(names)),
  )
  return await waitForEndpoint(control, endpoint, waiting)
}

/** Deletes the model and the configuration of a deployment that does not serve. @throws as `asked` */
export async function dropDeployment(control: SageMakerClient, name: string): Promise<void> {
  const config = new DeleteEndpointConfigCommand({ EndpointConfigName: name })
  await askedIfThere(`delete endpoint configuration ${name}`, control.send(config))
  const model = new DeleteModelCommand({ ModelName: name })
  await askedIfThere(`delete model ${name}`, control.send(model))
}
