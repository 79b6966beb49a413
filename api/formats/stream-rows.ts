/**
 * A cursor as the body of an answer. Rows are read when the client has taken those before; when the client leaves, the
 * cursor is closed. A stream that cannot be finished fails, so that half an export never looks whole.
 */
import { problem } from '../../core/problems.ts'
import type { RowCursor, TextRow } from '../sources/postgres-exports.ts'
import type { RowEncoder } from './row-encoder.ts'

/** Milliseconds in which a client has to take what it was sent last: whoever stands still keeps others waiting. */
const defaultStalledMs = 120_000

export type ExportLimits = { readonly maxRows: number; readonly maxBytes: number }

export type StreamEnd = {
  readonly rows: number
  readonly bytes: number
  /** Why it did not come to its end; undefined also when the client left. */
  readonly error?: unknown
  readonly left: boolean
}

/**
 * Batches begin small and grow to about `batchBytes`, so that none holds the event loop for long or fills the memory
 * because its rows are wide.
 */
const firstBatchRows = 25
const maxGrowth = 4
const maxBatchRows = 1000
const batchBytes = 256 * 1024

export type StreamOptions = {
  readonly limits: ExportLimits
  /** Is called once. */
  readonly onEnd: (end: StreamEnd) => void
  /** Breaks the client's connection off; without it the stream fails, which whoever reads it has to pass on. */
  readonly breakOff?: (() => void) | undefined
  /** Default two minutes. */
  readonly stalledMs?: number
}

/** Makes the body; the cursor is closed when it ends, fails or is cancelled. */
export function streamRows(
  cursor: RowCursor,
  encoder: RowEncoder,
  { limits, onEnd, breakOff, stalledMs = defaultStalledMs }: StreamOptions,
): ReadableStream<Uint8Array> {
  let rows = 0
  let bytes = 0
  let size = firstBatchRows
  let upcoming: Promise<readonly TextRow[]> | undefined
  let hasBegun = false
  let hasEnded = false
  let hasLeft = false
  let stalled: NodeJS.Timeout | undefined

  /** PostgreSQL works on the next batch while this one is encoded and sent. */
  function readAhead(): Promise<readonly TextRow[]> {
    const read = cursor.read(size)
    // It may be abandoned, and then nobody waits for its failure.
    read.catch(() => undefined)
    return read
  }

  async function next(): Promise<readonly TextRow[]> {
    const batch = await (upcoming ?? readAhead())
    rows += batch.length
    if (rows > limits.maxRows) throw problem('api/too-many-rows', { limit: limits.maxRows })
    if (batch.length > 0) {
      size = batchSize(batch)
      upcoming = readAhead()
    }
    return batch
  }

  async function end(outcome: { readonly error?: unknown; readonly left: boolean }) {
    if (hasEnded) return
    hasEnded = true
    hasLeft = outcome.left
    clearTimeout(stalled)
    await cursor.close()
    onEnd({ rows, bytes, ...outcome })
  }

  /** Before the bytes go out, and before the end is told. @throws `api/too-many-bytes` */
  function count(chunk: Uint8Array): void {
    bytes += chunk.length
    if (bytes > limits.maxBytes) throw problem('api/too-many-bytes', { limit: limits.maxBytes })
  }

  /** The next bytes, or undefined behind the last ones. */
  async function nextBytes(): Promise<Uint8Array | undefined> {
    if (!hasBegun) {
      hasBegun = true
      const begin = encoder.begin()
      count(begin)
      if (begin.length > 0) return begin
    }
    while (!hasEnded) {
      const batch = await next()
      if (hasEnded) return undefined
      if (batch.length === 0) {
        const last = encoder.finish()
        count(last)
        await end({ left: false })
        return last
      }
      const chunk = encoder.encode(batch)
      count(chunk)
      if (chunk.length > 0) return chunk
    }
    return undefined
  }

  async function fail(error: unknown, controller: ReadableStreamDefaultController): Promise<void> {
    const isFirst = !hasEnded
    await end({ error, left: false })
    if (!isFirst) return
    if (breakOff === undefined) controller.error(error)
    else breakOff()
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stalled)
        try {
          const chunk = await nextBytes()
          if (chunk !== undefined && chunk.length > 0) {
            controller.enqueue(chunk)
          }
          if (!hasEnded) {
            const late = () => problem('api/timeout', { timeoutMs: stalledMs })
            stalled = setTimeout(() => void fail(late(), controller), stalledMs)
          } else if (!hasLeft) controller.close()
        } catch (error) {
          await fail(error, controller)
        }
      },
      cancel: () => end({ left: true }),
    },
    { highWaterMark: 0 },
  )
}

function batchSize(batch: readonly TextRow[]): number {
  let bytes = 0
  for (const row of batch) for (const text of row) bytes += (text?.length ?? 0) + 8
  const fitting = Math.floor((batchBytes * batch.length) / bytes)
  return Math.max(1, Math.min(maxBatchRows, fitting, batch.length * maxGrowth))
}
