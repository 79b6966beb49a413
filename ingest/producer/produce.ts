/** Drives messages into a sink: batches, pace, progress, counts. */
import { type Clock, systemClock } from '../../core/clock.ts'
import { countMessages, emptyCounts, type Message, type MessageCounts } from './message.ts'
import type { MessageSink } from './sink.ts'

export type ProduceOptions = {
  /** Messages per second; 0 is as fast as possible. */
  readonly rate?: number
  /** Sends no message before its time has come: for a live simulation. */
  readonly live?: boolean
  /** After it, what is under way is finished and reported. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** After every batch. */
  readonly onProgress?: (counts: Readonly<MessageCounts>, elapsedMs: number) => void
}

export type ProduceReport = MessageCounts & {
  /** Messages that no reader can take for an event: malformed and oversized ones. */
  readonly expectedDeadLetters: number
  readonly elapsedMs: number
  readonly messagesPerSecond: number
  /** The signal came before the end. */
  readonly interrupted: boolean
}

/** A broker's default limit for one partition's share of a request is 1 MiB; all of a batch stays below it. */
const maxBatchBytes = 800_000
/** kafkajs copies what a partition has so far for every message of a send: 2,000 cost 14.6 CPU s a million, 5,000 17.1. */
const maxBatchMessages = 2_000
/** What a record costs besides key and value. */
const recordOverheadBytes = 24

/**
 * Sends all messages, or until the signal comes; while one batch is on its way the next one is made.
 * The report counts exactly what the sink acknowledged. The sink is closed, also after a failure.
 */
export async function produce(
  messages: Iterable<Message> | AsyncIterable<Message>,
  sink: MessageSink,
  options: ProduceOptions = {},
): Promise<ProduceReport> {
  const { clock = systemClock, signal, onProgress } = options
  const started = clock.now()
  const counts = emptyCounts()
  let inFlight: Promise<void> = Promise.resolve()
  try {
    for await (const batch of toBatches(messages, options, clock, started)) {
      await inFlight
      if (signal?.aborted) break
      inFlight = sink.send(batch).then(() => {
        countMessages(counts, batch)
        onProgress?.(counts, clock.now() - started)
      })
      // Met at the next `await inFlight`; until then a rejection must not count as unhandled.
      inFlight.catch(() => {})
    }
    await inFlight
  } catch (error) {
    await sink.abandon()
    throw error
  }
  await sink.close()
  return reportOf(counts, clock.now() - started, signal?.aborted === true)
}

function reportOf(counts: MessageCounts, elapsedMs: number, interrupted: boolean): ProduceReport {
  return {
    ...counts,
    expectedDeadLetters: counts.kinds.malformed + counts.kinds.oversized,
    elapsedMs,
    messagesPerSecond: Math.round((counts.messages * 1_000) / Math.max(elapsedMs, 1)),
    interrupted,
  }
}

/** Groups messages, waiting where pace demands it; stops early when the signal comes. */
async function* toBatches(
  messages: Iterable<Message> | AsyncIterable<Message>,
  options: ProduceOptions,
  clock: Clock,
  started: number,
): AsyncGenerator<readonly Message[]> {
  const { rate = 0, live = false, signal } = options
  // Ten batches a second make a low rate even.
  const mostMessages =
    rate > 0 ? Math.min(maxBatchMessages, Math.ceil(rate / 10)) : maxBatchMessages
  let batch: Message[] = []
  let batchBytes = 0
  let released = 0

  for await (const message of messages) {
    const bytes = sizeOf(message)
    const due = live ? message.at - clock.now() : 0
    if (
      batch.length > 0 &&
      (due > 0 || batch.length >= mostMessages || batchBytes + bytes > maxBatchBytes)
    ) {
      yield batch
      released += batch.length
      batch = []
      batchBytes = 0
      if (rate > 0 && !live)
        await pause(started + (released * 1_000) / rate - clock.now(), clock, signal)
    }
    if (signal?.aborted) return
    if (live) await pause(message.at - clock.now(), clock, signal)
    if (signal?.aborted) return
    batch.push(message)
    batchBytes += bytes
  }
  if (batch.length > 0) yield batch
}

/** Sleeps, unless there is nothing to wait for or the signal comes. */
async function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0 || signal?.aborted) return
  await clock.sleep(ms, signal).catch(() => {})
}

/** Bytes, near enough: what the simulator writes is ASCII but for a few letters. */
function sizeOf({ key, value }: Message): number {
  const bytes = value === null ? 0 : value.length
  return bytes + (key?.length ?? 0) + recordOverheadBytes
}
