/**
 * Messages to Kafka by kafkajs' idempotent producer: acks=all, one request in flight, no duplicates of its own
 * when a request is repeated.
 */
import { Partitioners, type Producer } from 'kafkajs'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { problem } from '../../core/problems.ts'
import { type KafkaTarget, kafkaErrorType, withAdmin } from '../topics/admin.ts'
import { assertTopicExists } from '../topics/topics.ts'
import type { Message } from './message.ts'
import type { MessageSink } from './sink.ts'

export type KafkaSinkOptions = {
  readonly target: KafkaTarget
  readonly topic: string
  readonly log: Log
  /** Tries of a request that fails; the pauses grow to 5 s. Default 14, about a minute in all. */
  readonly retries?: number
  /** Called once when a batch has waited this long for its answer, and again each time. Default 5,000. */
  readonly slowMs?: number
}

/** Connects. @throws `kafka/unreachable`, `kafka/no-such-topic` */
export async function openKafkaSink(options: KafkaSinkOptions): Promise<MessageSink> {
  const { target, topic, log } = options
  await withAdmin(target, (admin) => assertTopicExists(admin, target, topic))
  const producer = target.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: {
      retries: options.retries ?? 14,
      initialRetryTime: 300,
      factor: 0.2,
      multiplier: 2,
      maxRetryTime: 5_000,
    },
  })
  const brokers = target.brokers.join(',')
  try {
    await producer.connect()
  } catch (cause) {
    throw problem('kafka/unreachable', { brokers, reason: messageOf(cause) }, { cause })
  }
  let sent = 0
  const disconnect = () => producer.disconnect().catch(() => {})

  async function send(messages: readonly Message[]): Promise<void> {
    const started = Date.now()
    const slow = setInterval(() => {
      const seconds = Math.round((Date.now() - started) / 1_000)
      log.warn(
        { event: 'produce.waiting', brokers, seconds },
        `Kafka at ${brokers} has not answered for ${seconds} s; trying again`,
      )
    }, options.slowMs ?? 5_000)
    try {
      await sendBatch(producer, topic, messages)
      sent += messages.length
    } catch (cause) {
      const reason = messageOf(cause)
      if (kafkaErrorType(cause) === 'MESSAGE_TOO_LARGE') {
        throw problem('produce/message-refused', { topic, reason }, { cause })
      }
      throw problem('produce/interrupted-by-kafka', { brokers, sent, reason }, { cause })
    } finally {
      clearInterval(slow)
    }
  }
  return { send, close: disconnect, abandon: disconnect }
}

async function sendBatch(
  producer: Producer,
  topic: string,
  messages: readonly Message[],
): Promise<void> {
  await producer.send({
    topic,
    acks: -1,
    messages: messages.map(({ key, value }) => ({ key, value })),
  })
}
