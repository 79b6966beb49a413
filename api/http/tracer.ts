/** One span for each request, part of the caller's trace when it names one (W3C Trace Context). */
import { randomBytes } from 'node:crypto'

type Ended = {
  readonly route: string
  readonly status: number
  readonly problemCode: string | undefined
}

export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  end(ended: Ended): void
}

export interface Tracer {
  /** @param traceparent the caller's header; what is malformed starts a trace of its own */
  start(method: string, traceparent: string | undefined): RequestSpan
}

/** A span that has ended; times in nanoseconds since 1970. */
export type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly method: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly ended: Ended
}

export type TraceContext = {
  readonly traceId: string
  readonly spanId: string
  /** The caller records its part, so we record ours. */
  readonly isSampled: boolean
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const allZeros = /^0+$/

/** Reads a `traceparent`; undefined when it is malformed. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', more] =
    pattern.exec(header ?? '') ?? []
  const isKnown = version !== '' && version !== 'ff' && !(version === '00' && more !== undefined)
  if (!isKnown || allZeros.test(traceId) || allZeros.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** A tracer that hands every recorded span on. @param nanos now, since 1970 */
export function createTracer(record: (span: Span) => void, nanos: () => bigint): Tracer {
  return {
    start(method, traceparent) {
      const parent = parseTraceparent(traceparent)
      const traceId = parent?.traceId ?? randomBytes(16).toString('hex')
      const startNanos = nanos()
      return {
        traceId,
        end(ended) {
          if (parent?.isSampled === false) return
          const spanId = randomBytes(8).toString('hex')
          const parentSpanId = parent?.spanId
          record({ traceId, spanId, parentSpanId, method, startNanos, endNanos: nanos(), ended })
        },
      }
    },
  }
}
