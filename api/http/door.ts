/** What stands before the app: admission, which has to cost less than anything it turns away. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import type { Admission, Refusal } from './admission.ts'
import type { ApiMetrics } from './metrics.ts'
import { problemBody } from './problem-response.ts'
import { giveUpStalled } from './stalled-readers.ts'

export type DoorOptions = {
  readonly admission: Admission
  readonly metrics: Pick<ApiMetrics, 'refused'>
  readonly log: Log
}

/** Whoever watches the process is always let in. */
const alwaysOpen: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics'])

/** At most one line in the log for so many milliseconds of refusals. */
const logEveryMs = 1000

/** Milliseconds in which a client has to take some of a finished answer. */
const stalledMs = 30_000

/** Puts admission before a listener. */
export function guardDoor(listener: RequestListener, options: DoorOptions): RequestListener {
  const { admission, metrics } = options
  const note = refusalLog(options.log)
  return (request, response) => {
    if (isAlwaysOpen(request.url ?? '')) return listener(request, response)
    const refusal = admission.enter()
    if (refusal === undefined) {
      response.once('close', admission.leave)
      giveUpStalled(response, stalledMs)
      return listener(request, response)
    }
    metrics.refused(refusal)
    note(refusal)
    refuse(request, response)
  }
}

function isAlwaysOpen(url: string): boolean {
  const end = url.indexOf('?')
  return alwaysOpen.has(end < 0 ? url : url.slice(0, end))
}

const overloaded = problem('api/overloaded', {})

function refuse({ method }: IncomingMessage, response: ServerResponse): void {
  const requestId = randomUUID()
  const body = JSON.stringify(problemBody(overloaded, requestId))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  response.writeHead(503, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'retry-after': '2',
    'x-request-id': requestId,
    // What the caller is about to send would have to be read otherwise.
    ...(hasBody ? { connection: 'close' } : {}),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

/** A line for each refusal would make an overload worse. */
function refusalLog(log: Log): (reason: Refusal) => void {
  let count = 0
  return (reason) => {
    count++
    if (count > 1) return
    const tell = () => {
      log.warn({ event: 'requests.refused', reason, count, within_ms: logEveryMs })
      count = 0
    }
    setTimeout(tell, logEveryMs).unref()
  }
}
