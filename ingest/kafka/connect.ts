/** A kafkajs client from our settings. Its own log is sent to ours, without the lines it repeats for each retry. */
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import type { Log } from '../../core/log.ts'
import { quietTimers } from './quiet-timers.ts'

export type KafkaOptions = {
  /** host:port */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: boolean
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
}

/** Makes the client; nothing is connected yet. */
export function openKafka(options: KafkaOptions, log: Log): Kafka {
  quietTimers()
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    ssl: options.ssl,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, error } = entry.log
      log.debug({ event: 'kafka.client', scope: entry.namespace, error }, message)
    },
  }
  if (options.sasl !== undefined) config.sasl = saslOf(options.sasl)
  return new Kafka(config)
}

function saslOf(sasl: NonNullable<KafkaOptions['sasl']>): SASLOptions {
  const { mechanism, username, password } = sasl
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password }
    case 'scram-sha-256':
      return { mechanism, username, password }
    case 'scram-sha-512':
      return { mechanism, username, password }
    default:
      return mechanism satisfies never
  }
}
