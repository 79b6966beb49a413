/** Which cluster and which incarnation of a topic this is. kafkajs speaks a protocol version without topic ids. */
import { Admin } from '@platformatic/kafka'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { KafkaOptions } from './connect.ts'

type TopicIdentity = {
  readonly cluster: string
  /** Kafka's topic id: a topic that was deleted and made again has another. */
  readonly epoch: string
  readonly partitions: number
}

export interface TopicIdentifier {
  /** Asks the cluster, never a cache. @throws `landing/no-such-topic` `landing/kafka-unreachable` */
  identify(topic: string): Promise<TopicIdentity>
  close(): Promise<void>
}

/** Opens the client; nothing is connected yet. */
export function openTopicIdentifier(options: KafkaOptions): TopicIdentifier {
  const brokers = options.brokers.join(',')
  const admin = new Admin(clientOptions(options))
  return {
    identify: async (topic) => {
      const metadata = await admin
        .metadata({ topics: [topic], forceUpdate: true, autocreateTopics: false })
        .catch((cause: unknown) => {
          const reason = deepMessageOf(cause)
          if (/UNKNOWN_TOPIC|does not host this topic|Unknown topic/i.test(reason)) {
            throw problem('landing/no-such-topic', { topic, brokers }, { cause })
          }
          throw problem('landing/kafka-unreachable', { brokers, reason }, { cause })
        })
      const found = metadata.topics.get(topic)
      if (found === undefined) throw problem('landing/no-such-topic', { topic, brokers })
      return { cluster: metadata.id, epoch: found.id, partitions: found.partitionsCount }
    },
    close: async () => {
      await admin.close()
    },
  }
}

/** How `@platformatic/kafka` reaches the brokers that kafkajs reaches. */
export function clientOptions(options: KafkaOptions) {
  return {
    clientId: options.clientId,
    bootstrapBrokers: [...options.brokers],
    retries: 3,
    retryDelay: 200,
    autocreateTopics: false,
    ...(options.ssl ? { tls: {} } : {}),
    ...(options.sasl === undefined ? {} : { sasl: saslOf(options.sasl) }),
  }
}

function saslOf(sasl: NonNullable<KafkaOptions['sasl']>) {
  const mechanism = {
    plain: 'PLAIN',
    'scram-sha-256': 'SCRAM-SHA-256',
    'scram-sha-512': 'SCRAM-SHA-512',
  } as const
  return {
    mechanism: mechanism[sasl.mechanism],
    username: sasl.username,
    password: sasl.password,
  }
}

/** The client wraps what the broker said in "… failed 3 times." */
function deepMessageOf(error: unknown): string {
  const messages: string[] = []
  const visit = (current: unknown): void => {
    if (!(current instanceof Error)) return
    messages.push(
      'apiId' in current ? `${current.message} ${String(current.apiId)}` : messageOf(current),
    )
    if (current instanceof AggregateError) current.errors.forEach(visit)
    visit(current.cause)
  }
  visit(error)
  return [...new Set(messages)].join('; ') || messageOf(error)
}
