/** Sends numbered events until the broker has acknowledged each, however often it dies. */
import { Partitioners } from 'kafkajs'
import { silentLog } from '../../../core/silent-log.ts'
import { openKafka } from '../../../ingest/kafka/connect.ts'

export type NumberedOptions = {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  readonly events: number
  /** Events a second, the last fifth ten times slower; what is left when `hurry` aborts goes out at once. */
  readonly eventsPerSecond: number
  readonly hurry: AbortSignal
}

const batchEvents = 500
/** Every hundredth message is no event. */
export const badEvery = 100

/** The event with a number; its `user_id` is the number. */
export function numberedMessage(number: number): string {
  if (number % badEvery === 7) return `broken ${number}`
  return JSON.stringify({
    user_id: number,
    action: 'view_product',
    timestamp: '2024-11-25T12:00:00Z',
    event_id: `event-${number}`,
  })
}

/** Resolves when all are acknowledged. A batch without an answer is sent again, so some may stand there twice. */
export async function produceNumbered(options: NumberedOptions): Promise<void> {
  const kafka = openKafka({ brokers: options.brokers, clientId: 'chaos', ssl: false }, silentLog)
  let producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  let connected = false
  const begunMs = Date.now()
  const slowFrom = options.events * 0.8
  for (let first = 0; first < options.events; first += batchEvents) {
    // Events are still coming at the last fault, however slow the machine.
    const paced = first + 9 * Math.max(0, first - slowFrom)
    const aheadMs = begunMs + (paced * 1_000) / options.eventsPerSecond - Date.now()
    if (aheadMs > 0 && !options.hurry.aborted) await pause(aheadMs, options.hurry)
    const count = Math.min(batchEvents, options.events - first)
    const partition = (first / batchEvents) % options.partitions
    const messages = Array.from({ length: count }, (_, index) => ({
      value: numberedMessage(first + index),
      partition,
    }))
    for (;;) {
      try {
        if (!connected) await producer.connect()
        connected = true
        await producer.send({ topic: options.topic, messages, acks: -1, timeout: 10_000 })
        break
      } catch {
        await producer.disconnect().catch(() => {})
        producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
        connected = false
        await pause(500)
      }
    }
  }
  await producer.disconnect()
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
