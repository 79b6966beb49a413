/** InvokeEndpoint: the request goes to a container, and what it says comes back in SageMaker's form. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { messageOf } from '../../../core/errors.ts'
import { host } from '../../ports.ts'
import { region } from '../../state.ts'
import { accountId } from '../api/arn.ts'
import { Refusal } from '../api/refusal.ts'
import type { StandIn } from '../context.ts'
import { chooseInstance, chooseVariant } from './choose-variant.ts'
import type { Fleets } from './endpoint-operations.ts'
import type { Fleet, Variant } from './fleet.ts'
import type { Instance } from './instance.ts'

export type Invocation = {
  readonly endpoint: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type InvocationAnswer = {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of a request to an instance and of its answer, and of a request to a serverless variant. */
export const maxBodyBytes = 6_291_456
const maxServerlessBytes = 4 * 1024 * 1024
/** So long a request waits for a container that is just being started again. */
const maxWaitMs = 10_000
const waitPollMs = 25
const maxQuoted = 2_000

/** Headers that reach the container; SageMaker strips every other one. */
const passedOn = [
  'content-type',
  'accept',
  'x-amzn-sagemaker-custom-attributes',
  'x-amzn-sagemaker-inference-id',
]

/**
 * Asks an endpoint.
 * @throws `ValidationError` (no such endpoint or variant, too long), `ModelError` (the container answered with an
 *   error, not in time, or went away), `ServiceUnavailable` (no container is well), `ThrottlingException`
 */
export async function invokeEndpoint(
  standIn: StandIn,
  fleets: Fleets,
  invocation: Invocation,
): Promise<InvocationAnswer> {
  const fleet = await serving(standIn, fleets, invocation.endpoint)
  const target = invocation.headers['x-amzn-sagemaker-target-variant']
  const variant = chooseVariant(fleet.variants, typeof target === 'string' ? target : undefined)
  assertAllowed(variant, invocation.body)
  const answer = await ask(standIn, variant, invocation)
  const body = await bodyOf(answer, invocation.endpoint, variant)
  const { statusCode = 500 } = answer
  if (statusCode >= 400 || statusCode < 200) {
    throw modelError(invocation.endpoint, variant, statusCode, body.toString('utf8'))
  }
  const attributes = answer.headers['x-amzn-sagemaker-custom-attributes']
  return {
    body,
    headers: {
      'content-type': answer.headers['content-type'] ?? 'application/octet-stream',
      'x-amzn-invoked-production-variant': variant.name,
      ...(typeof attributes === 'string'
        ? { 'x-amzn-sagemaker-custom-attributes': attributes }
        : {}),
    },
  }
}

/** The fleet of an endpoint that serves; just after a restart of the stand-in it is waited for. */
async function serving(standIn: StandIn, fleets: Fleets, name: string): Promise<Fleet> {
  const deadline = standIn.clock.now() + maxWaitMs
  for (;;) {
    const fleet = fleets.get(name)
    if (fleet !== undefined) return fleet
    const status = standIn.stores.endpoints.get(name)?.status
    if (status !== 'InService' && status !== 'Updating') {
      throw new Refusal('ValidationError', `Endpoint ${name} of account ${accountId} not found.`)
    }
    if (standIn.clock.now() > deadline) throw unavailable(name)
    await standIn.clock.sleep(waitPollMs)
  }
}

function assertAllowed({ serverless, instances }: Variant, body: Buffer): void {
  const max = serverless === undefined ? maxBodyBytes : maxServerlessBytes
  if (body.length > max) throw tooLarge(max)
  const running = instances.reduce((sum, { inFlight }) => sum + inFlight, 0)
  if (serverless !== undefined && running >= serverless.MaxConcurrency) {
    throw new Refusal('ThrottlingException', 'Rate exceeded', 429)
  }
}

export function tooLarge(max: number): Refusal {
  return new Refusal(
    'ValidationError',
    `1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
  )
}

/** Sends it to a healthy instance, and to another one when the first had not got it. */
async function ask(
  standIn: StandIn,
  variant: Variant,
  invocation: Invocation,
): Promise<IncomingMessage> {
  for (let cut = 0; ; ) {
    const instance = await healthyInstance(standIn, variant, invocation.endpoint)
    try {
      return await send(instance, invocation, variant.invocationMs)
    } catch (error) {
      if (error instanceof NotTaken) continue
      // A container that lives had just closed a connection that was kept; one that does not may have died of this.
      if (error instanceof CutOff && cut++ === 0 && (await instance.answers())) continue
      throw modelError(invocation.endpoint, variant, 0, messageOf(error))
    }
  }
}

async function healthyInstance(
  standIn: StandIn,
  variant: Variant,
  name: string,
): Promise<Instance> {
  const deadline = standIn.clock.now() + maxWaitMs
  for (;;) {
    const instance = chooseInstance(variant)
    if (instance !== undefined) return instance
    if (standIn.clock.now() > deadline) throw unavailable(name)
    await standIn.clock.sleep(waitPollMs)
  }
}

/** The connection was refused. */
class NotTaken extends Error {}

/** Sent on a kept connection, which ended before an answer began. */
class CutOff extends Error {}

const timedOut =
  'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.'

function send(
  instance: Instance,
  invocation: Invocation,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const { headers, body } = invocation
  instance.inFlight++
  return new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host,
        port: instance.port(),
        method: 'POST',
        path: '/invocations',
        agent: instance.agent,
        headers: {
          ...Object.fromEntries(
            passedOn.flatMap((name) =>
              headers[name] === undefined ? [] : [[name, headers[name]]],
            ),
          ),
          'content-length': body.length,
        },
      },
      resolve,
    )
    const timer = setTimeout(() => outgoing.destroy(new Error(timedOut)), timeoutMs)
    outgoing.once('close', () => {
      clearTimeout(timer)
      instance.inFlight--
    })
    outgoing.once('error', (error) => {
      const code = 'code' in error ? error.code : undefined
      if (code === 'ECONNREFUSED') instance.suspect()
      const isCutOff = outgoing.reusedSocket && code === 'ECONNRESET'
      if (code === 'ECONNREFUSED') reject(new NotTaken(error.message))
      else reject(isCutOff ? new CutOff(error.message) : error)
    })
    outgoing.end(body)
  })
}

async function bodyOf(
  answer: IncomingMessage,
  endpoint: string,
  variant: Variant,
): Promise<Buffer> {
  const timer = setTimeout(() => answer.destroy(new Error(timedOut)), variant.invocationMs)
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of answer) {
      bytes += chunk.length
      if (bytes > maxBodyBytes)
        throw new Error(`The response is longer than ${maxBodyBytes} bytes.`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    throw modelError(endpoint, variant, 0, messageOf(error))
  } finally {
    clearTimeout(timer)
  }
}

/** The status that the container gave; 0 when it gave none. */
function modelError(endpoint: string, variant: Variant, status: number, said: string): Refusal {
  const side = status >= 400 && status < 500 ? 'client' : 'server'
  const message = said.slice(0, maxQuoted)
  const logGroup = `/aws/sagemaker/Endpoints/${endpoint}`
  return new Refusal(
    'ModelError',
    `Received ${side} error (${status}) from primary with message "${message}". See ${variant.logPath} in account ${accountId} for more information.`,
    424,
    {
      OriginalStatusCode: status,
      OriginalMessage: message,
      LogStreamArn: `arn:aws:logs:${region}:${accountId}:log-group:${logGroup}`,
    },
  )
}

function unavailable(name: string): Refusal {
  return new Refusal('ServiceUnavailable', `No container of endpoint ${name} is healthy.`, 503)
}
