/** What Node's parser refuses never becomes a request: it is answered here, with problem details as every mistake. */
import { randomUUID } from 'node:crypto'
import { maxHeaderSize, ServerResponse, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { MillraceError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import { ApiResponse, headersOfEveryAnswer } from './api-response.ts'
import type { ApiMetrics } from './metrics.ts'
import { problemBody } from './problem-response.ts'

/** Takes what comes with Node's event `clientError`, and ends the connection. */
export type OnClientError = (error: NodeJS.ErrnoException, socket: Duplex) => void

export type RecordUnreadable = (shown: MillraceError, requestId: string, reason?: string) => void

/** One log line and one count for what came and was no request; of its address and method nothing is known. */
export function createUnreadableRecorder(options: {
  readonly log: Log
  readonly metrics: Pick<ApiMetrics, 'answered'>
}): RecordUnreadable {
  const { log, metrics } = options
  return ({ code, httpStatus: status }, requestId, reason) => {
    metrics.answered({ route: 'unmatched', method: 'other', status, problemCode: code })
    log.info({ event: 'request.unreadable', request_id: requestId, status, code, reason })
  }
}

/** Answers what the parser refuses, unless its caller is gone or another answer is on its way to him. */
export function answerClientErrors(record: RecordUnreadable): OnClientError {
  // More bytes of the same caller are refused again, while an answer goes out to him.
  const refused = new WeakSet<Duplex>()
  return (error, socket) => {
    if (refused.has(socket)) return
    refused.add(socket)
    const end = (text?: string) => {
      socket.end(text, () => socket.destroy())
    }
    const response = responseOn(socket)
    if (response?.req.complete === true) {
      // The one before is being answered; what is wrong came after it.
      response.once('close', () => end())
      return
    }
    if (hasLeft(error, socket) || hasAskedNothing(socket)) return end()
    if (response?.headersSent === true) return end()
    const shown = toProblem(error)
    const own = response instanceof ApiResponse ? response.requestId : undefined
    const requestId = own ?? randomUUID()
    if (response instanceof ApiResponse) response.replacedBy = shown.httpStatus
    else record(shown, requestId, error.code)
    end(answerText(shown, requestId))
  }
}

/** He has broken off, or stopped in the middle of a request. */
function hasLeft({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  return !socket.writable || code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE'
}

/** Who connects and asks nothing in time would take an answer for that of his first request. */
function hasAskedNothing(socket: Duplex): boolean {
  return socket instanceof Socket && socket.bytesRead === 0
}

/** The answer that goes out over a socket now; Node has no public name for it, and looks here itself. */
function responseOn(socket: Duplex): ServerResponse | undefined {
  const message = '_httpMessage' in socket ? socket._httpMessage : undefined
  return message instanceof ServerResponse ? message : undefined
}

function toProblem({ code }: NodeJS.ErrnoException): MillraceError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem('api/headers-too-large', { limit: maxHeaderSize })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('api/request-too-slow', {})
    default:
      return problem('api/malformed-request', {})
  }
}

function answerText(shown: MillraceError, requestId: string): string {
  const body = JSON.stringify(problemBody(shown, requestId))
  const headers = {
    ...headersOfEveryAnswer,
    'content-type': 'application/problem+json',
    'content-length': `${Buffer.byteLength(body)}`,
    'cache-control': 'no-store',
    'x-request-id': requestId,
    date: new Date().toUTCString(),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${shown.httpStatus} ${STATUS_CODES[shown.httpStatus] ?? 'Error'}`
  return [status, ...lines, '', body].join('\r\n')
}
