/**
 * Sends spans by OTLP/HTTP as JSON. The packages of OpenTelemetry that do this are some thirty; this is what a span for
 * each request needs. Spans that cannot be sent are dropped and counted: traces must never hold up what they trace.
 */
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Span } from './tracer.ts'

export type SpanExporterOptions = {
  /** Of the collector: `http://127.0.0.1:4318`; `/v1/traces` is added unless it is there. */
  readonly url: string
  readonly log: Log
}

export interface SpanExporter {
  record(span: Span): void
  /** Sends what is left. */
  close(): Promise<void>
}

const everyMs = 5000
const batchSize = 500
/** Spans that wait; more are dropped. */
const maxWaiting = 5000
const sendMs = 5000

/** Begins to send what is recorded, every five seconds or as soon as there is a batch of it. */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  const { log } = options
  const address = `${options.url.replace(/\/(v1\/traces\/?)?$/, '')}/v1/traces`
  let waiting: Span[] = []
  let dropped = 0
  let sending: Promise<void> | undefined

  async function sendBatch(batch: readonly Span[]): Promise<void> {
    try {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(toOtlp(batch)),
        signal: AbortSignal.timeout(sendMs),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`status ${response.status}`)
    } catch (error) {
      dropped += batch.length
      log.warn({ event: 'traces.not_sent', spans: batch.length, dropped, reason: messageOf(error) })
    }
  }
  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize)
      waiting = waiting.slice(batchSize)
      await sendBatch(batch)
    }
  }
  const flush = () => {
    sending ??= sendAll().finally(() => {
      sending = undefined
    })
    return sending
  }
  const timer = setInterval(() => void flush(), everyMs).unref()

  return {
    record(span) {
      if (waiting.length >= maxWaiting) {
        dropped++
        return
      }
      waiting.push(span)
      if (waiting.length >= batchSize) void flush()
    },
    close: async () => {
      clearInterval(timer)
      await flush()
    },
  }
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })

/** As the OTLP specification writes a request of spans in JSON; names by the semantic conventions of HTTP. */
function toOtlp(spans: readonly Span[]) {
  const server = 2
  const failed = 2
  return {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'millrace-api')] },
        scopeSpans: [
          {
            scope: { name: 'millrace.api' },
            spans: spans.map(({ ended, parentSpanId, ...span }) => ({
              traceId: span.traceId,
              spanId: span.spanId,
              ...(parentSpanId === undefined ? {} : { parentSpanId }),
              name: `${span.method} ${ended.route}`,
              kind: server,
              startTimeUnixNano: String(span.startNanos),
              endTimeUnixNano: String(span.endNanos),
              attributes: [
                text('http.request.method', span.method),
                text('http.route', ended.route),
                { key: 'http.response.status_code', value: { intValue: String(ended.status) } },
                ...(ended.problemCode === undefined ? [] : [text('error.type', ended.problemCode)]),
              ],
              ...(ended.status >= 500 ? { status: { code: failed } } : {}),
            })),
          },
        ],
      },
    ],
  }
}
