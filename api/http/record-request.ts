/** One log line and one count for a request that has its answer. The query string stays out of both: it can hold what a
 * person typed. */
import type { Clock } from '../../core/clock.ts'
import { type Log, withoutRedaction } from '../../core/log.ts'
import type { ApiMetrics } from './metrics.ts'
import type { RequestSpan } from './tracer.ts'

export type AnsweredRequest = {
  readonly requestId: string
  readonly method: string
  readonly path: string
  /** Its pattern, `/api/users/:user_id`; of a client's own words there would be too many. */
  readonly route: string
  /** 499: the client left before its answer was written whole. */
  readonly status: number
  /** Of the clock, when it came. */
  readonly start: number
  /** On the wire, headers included. */
  readonly bytes: number | undefined
  readonly problemCode: string | undefined
  readonly principal: string | undefined
  readonly span: RequestSpan | undefined
}

export type RecordOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: ApiMetrics
  /** Of the requests that went well and quickly, this share gets a line in the log. */
  readonly logShare: number
}

/** Status of a request whose client left before its answer. */
export const clientLeft = 499

/** A request that took longer than so many milliseconds is always logged. */
const slowMs = 1000
const longestPath = 500

export type RecordRequest = (request: AnsweredRequest) => void

export function createRecorder(options: RecordOptions): RecordRequest {
  const { metrics, clock, logShare } = options
  const log = withoutRedaction(options.log)
  return ({ requestId, method, path, route, status, start, bytes, ...more }) => {
    const { problemCode, principal, span } = more
    const elapsedMs = clock.now() - start
    metrics.answered({ route, method, status, seconds: elapsedMs / 1000, problemCode })
    span?.end({ route, status, problemCode })
    const level = levelOf(status)
    const isPlain = level === 'info' && elapsedMs < slowMs
    if (isPlain && logShare < 1 && Math.random() >= logShare) return
    log[level]({
      event: status === clientLeft ? 'request.disconnected' : 'request.finished',
      request_id: requestId,
      ...(span === undefined ? {} : { trace_id: span.traceId }),
      method,
      path: path.slice(0, longestPath),
      route,
      status,
      ...(problemCode === undefined ? {} : { code: problemCode }),
      elapsed_ms: elapsedMs,
      ...(bytes === undefined ? {} : { bytes }),
      principal,
    })
  }
}

/** What is our fault is an error; what is down or too much is a warning. */
function levelOf(status: number): 'error' | 'warn' | 'info' {
  if (status === 503 || status === 504) return 'warn'
  return status >= 500 ? 'error' : 'info'
}
