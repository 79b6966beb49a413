/**
 * Requests that the app has answered with what it keeps: the same again is answered before the app is asked, which would
 * take as long as all the rest. Only where everybody may have every such answer; whatever a request says beyond its
 * address is for the app to read.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { ApiResponse } from './api-response.ts'
import { onceWritten } from './observe-requests.ts'
import type { RecordRequest } from './record-request.ts'

/** A whole answer, but for the headers that every answer has. */
export type KeptAnswer = {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

type KnownRequest = {
  readonly path: string
  readonly route: string
  readonly principal: string
  /** The answer, as long as it is kept and everybody may have it. */
  readonly read: () => KeptAnswer | undefined
}

export interface KnownRequests {
  /** The app has answered the request, and would answer it alike as long as there is something to read. */
  learn(request: IncomingMessage, known: KnownRequest): void
  /** Answers, when the request is known; false: the app is to be asked. */
  answer(request: IncomingMessage, response: ServerResponse): boolean
}

export type KnownRequestsOptions = {
  readonly record: RecordRequest
  readonly clock: Clock
}

/** Headers that change no such answer. Any other is for the app: a condition, a name of the request, another site. */
const irrelevant: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'dnt',
  'pragma',
  'priority',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'upgrade-insecure-requests',
  'user-agent',
])

const maxKnown = 1000
const longestUrl = 1000

export function createKnownRequests({ record, clock }: KnownRequestsOptions): KnownRequests {
  const requests = new Map<string, KnownRequest>()
  return {
    learn(request, known) {
      const key = keyOf(request)
      if (key === undefined) return
      if (requests.size >= maxKnown) requests.clear()
      requests.set(key, known)
    },
    answer(request, response) {
      if (requests.size === 0) return false
      const key = keyOf(request)
      const known = key === undefined ? undefined : requests.get(key)
      const kept = known?.read()
      if (known === undefined || kept === undefined) return false
      const { path, route, principal } = known
      const start = clock.now()
      const requestId = randomUUID()
      onceWritten(response, (status, bytes) => {
        const nothing = { problemCode: undefined, span: undefined }
        const seen = { requestId, path, route, principal, start, status, bytes, ...nothing }
        record({ method: 'GET', ...seen })
      })
      if (response instanceof ApiResponse) response.announce({ 'x-request-id': requestId })
      const { body, headers } = kept
      response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) })
      response.end(body)
      return true
    },
  }
}

/** Host and address of a plain GET; undefined for any other request. */
function keyOf({ method, url = '', rawHeaders }: IncomingMessage): string | undefined {
  if (method !== 'GET' || url.length > longestUrl) return undefined
  let host: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    if (name === 'host' && host === undefined) host = rawHeaders[at + 1]
    else if (!irrelevant.has(name)) return undefined
  }
  return `${host} ${url}`
}
