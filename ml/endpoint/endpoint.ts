/** An endpoint as it is now, and waiting until it is something else. */
import {
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  type DescribeEndpointOutput,
  type SageMakerClient,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker'
import { problem } from '../../core/problems.ts'
import { asked, askedIfThere } from '../sagemaker/asked.ts'

export type Waiting = {
  readonly maxSeconds: number
  readonly signal: AbortSignal
}

/** Undefined when there is none. @throws as `asked` */
export function findEndpoint(
  control: SageMakerClient,
  name: string,
): Promise<DescribeEndpointOutput | undefined> {
  const command = new DescribeEndpointCommand({ EndpointName: name })
  return askedIfThere(`describe endpoint ${name}`, control.send(command))
}

/** Somebody is changing it, which ends by itself. */
const changing: readonly string[] = [
  ...['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'],
]

/** Why an endpoint of this status cannot be asked for anything else than to be deleted, if that. */
export function endpointBusy(endpoint: string, status: string, cause?: unknown): Error {
  const code = changing.includes(status) ? 'ml/endpoint-busy' : 'ml/endpoint-unusable'
  return problem(code, { endpoint, status }, { cause })
}

/** @throws `ml/endpoint-busy` for one that cannot even be deleted now */
export function assertUnchanging(endpoint: string, status: string): void {
  if (changing.includes(status)) throw endpointBusy(endpoint, status)
}

/** The configuration that an endpoint has, and the one that it is on its way to. */
export function configsOf(endpoint: DescribeEndpointOutput | undefined): readonly string[] {
  const pending = endpoint?.PendingDeploymentSummary?.EndpointConfigName
  return [endpoint?.EndpointConfigName, pending].filter((name) => name !== undefined)
}

/**
 * Waits until the endpoint is InService or has failed. An update that failed is InService too, with the configuration
 * that it had before.
 * @throws `ml/deploy-unfinished`, the signal's reason, and as `asked`
 */
export async function waitForEndpoint(
  control: SageMakerClient,
  name: string,
  waiting: Waiting,
): Promise<DescribeEndpointOutput> {
  const options = waiterOptions(control, waiting)
  await waitUntilEndpointInService(options, { EndpointName: name }).catch(rethrowAbort(waiting))
  const endpoint = await findEndpoint(control, name)
  if (endpoint === undefined) throw problem('ml/nothing-deployed', { endpoint: name })
  const { EndpointStatus: status = '' } = endpoint
  if (status === 'InService' || status === 'Failed') return endpoint
  const { maxSeconds: seconds } = waiting
  throw problem('ml/deploy-unfinished', { endpoint: name, status, seconds })
}

/** Deletes an endpoint and waits until it is gone. @throws `ml/deploy-unfinished`, the signal's reason, and as `asked` */
export async function deleteEndpoint(
  control: SageMakerClient,
  name: string,
  waiting: Waiting,
): Promise<void> {
  await asked(
    `delete endpoint ${name}`,
    control.send(new DeleteEndpointCommand({ EndpointName: name })),
  )
  const options = waiterOptions(control, waiting)
  await waitUntilEndpointDeleted(options, { EndpointName: name }).catch(rethrowAbort(waiting))
  const status = (await findEndpoint(control, name))?.EndpointStatus
  if (status === undefined) return
  throw problem('ml/deploy-unfinished', { endpoint: name, status, seconds: waiting.maxSeconds })
}

function waiterOptions(client: SageMakerClient, { maxSeconds, signal }: Waiting) {
  // Quick at first: locally an endpoint is there within a second.
  return { client, minDelay: 0.1, maxDelay: 3, maxWaitTime: maxSeconds, abortSignal: signal }
}

/** The waiters throw on failure and when time is up, too; what the endpoint says of itself tells more. */
function rethrowAbort({ signal }: Waiting) {
  return () => signal.throwIfAborted()
}
