/**
 * The stand-in's HTTP server. SageMaker's API: POST / with X-Amz-Target (AWS JSON 1.1). Its runtime:
 * POST /endpoints/<name>/invocations. And GET /health, by which the supervisor knows it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf } from '../../core/errors.ts'
import { checkRequest } from './api/check-request.ts'
import { Refusal } from './api/refusal.ts'
import { loadServiceModel, type ServiceModel } from './api/service-model.ts'
import { send, sendJson, sendRefusal } from './api/wire.ts'
import type { StandIn } from './context.ts'
import { endpointOperations } from './hosting/endpoint-operations.ts'
import { invokeEndpoint, maxBodyBytes, tooLarge } from './hosting/invoke.ts'
import { modelOperations } from './hosting/model-operations.ts'
import { registryOperations } from './registry/operations.ts'
import { tagOperations } from './tags.ts'
import { trainingOperations } from './training/operations.ts'

/** Bytes of a request to the API. Its lists are short; SageMaker takes about as much. */
const maxRequestBytes = 1024 * 1024
/** So much of a body that is too long is read and thrown away, so that the caller gets to read our answer. */
const maxDiscardedBytes = 64 * 1024 * 1024

export type StandInServer = {
  readonly server: Server
  /** Ends what runs. */
  close(): Promise<void>
}

type Operations = Readonly<Record<string, (request: never) => unknown>>

type Access = {
  /** What /health answers, so that a stranger on the port is noticed. */
  readonly instance: string
  /** Requests are signed with it. Random, and known to whoever may read the state directory. */
  readonly accessKeyId: string
}

export function createStandIn(standIn: StandIn, { instance, accessKeyId }: Access): StandInServer {
  const model = loadServiceModel()
  const { close: closeTraining, ...training } = trainingOperations(standIn)
  const { fleets, operations: endpoints, close: closeEndpoints } = endpointOperations(standIn)
  const operations: Operations = {
    ...training,
    ...endpoints,
    ...modelOperations(standIn),
    ...registryOperations(standIn),
    ...tagOperations(standIn),
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/\?.*/s, '')
    if (request.method === 'GET' && path === '/health') {
      send(response, 200, { 'content-type': 'text/plain' }, Buffer.from(instance))
      return
    }
    const [, endpoint] = /^\/endpoints\/([^/]+)\/invocations$/.exec(path) ?? []
    try {
      assertSigned(request, accessKeyId)
      if (request.method === 'POST' && endpoint !== undefined) {
        const body = await readBody(request, maxBodyBytes, tooLarge(maxBodyBytes))
        const { headers } = request
        const name = decodedName(endpoint)
        const answered = await invokeEndpoint(standIn, fleets, { endpoint: name, headers, body })
        send(response, 200, answered.headers, answered.body)
      } else if (request.method === 'POST' && path === '/') {
        sendJson(response, await operate(model, operations, request))
      } else {
        throw new Refusal(
          'UnknownOperationException',
          `There is no ${request.method} ${path}.`,
          404,
        )
      }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : ourFault(standIn, error)
      sendRefusal(response, refusal, endpoint !== undefined)
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      standIn.log.error({ event: 'request.broke', reason: messageOf(error) })
      response.destroy()
    })
  })
  server.keepAliveTimeout = 60_000
  return {
    server,
    async close() {
      await Promise.all([closeTraining(), closeEndpoints()])
    },
  }
}

async function operate(
  model: ServiceModel,
  operations: Operations,
  request: IncomingMessage,
): Promise<unknown> {
  const target = request.headers['x-amz-target']
  const name = /^SageMaker\.(\w+)$/.exec(typeof target === 'string' ? target : '')?.[1] ?? ''
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (operation === undefined) {
    throw new Refusal(
      'UnknownOperationException',
      `The stand-in has no operation ${name || target}.`,
    )
  }
  const tooLong = new Refusal('RequestEntityTooLargeException', 'Request Entity Too Large', 413)
  const body = await readBody(request, maxRequestBytes, tooLong)
  // The check against the service model has made it what the operation takes.
  return await operation(checkRequest(model, name, parseJson(body)) as never)
}

/** No name needs what cannot be decoded; then there is no such endpoint. */
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal('SerializationException', 'The body is not JSON.')
  }
}

/**
 * Whether somebody of this instance signed it: a job runs any program as us, and every user of this machine reaches
 * the port. The key tells; the signature is not computed, because nobody else sees what goes over loopback.
 */
function assertSigned({ headers }: IncomingMessage, accessKeyId: string): void {
  const { authorization } = headers
  if (authorization === undefined || authorization === '') {
    throw new Refusal('MissingAuthenticationTokenException', 'Missing Authentication Token', 403)
  }
  const [, key] = credentialPattern.exec(authorization) ?? []
  if (key === accessKeyId) return
  if (key === undefined) {
    throw new Refusal(
      'IncompleteSignatureException',
      'Authorization must be a signature of version 4 for the service sagemaker, with a region.',
      403,
    )
  }
  throw new Refusal(
    'UnrecognizedClientException',
    'The security token included in the request is invalid. Sign with the access key of this instance, that of its S3.',
    403,
  )
}

const credentialPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[\w-]+\/sagemaker\/aws4_request,/

async function readBody(request: IncomingMessage, max: number, tooLong: Refusal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxDiscardedBytes) break
    if (bytes <= max) chunks.push(chunk)
  }
  if (bytes > max) throw tooLong
  return Buffer.concat(chunks)
}

function ourFault(standIn: StandIn, error: unknown): Refusal {
  standIn.log.error({ event: 'request.broke', reason: messageOf(error) })
  return new Refusal('InternalFailure', messageOf(error), 500)
}
