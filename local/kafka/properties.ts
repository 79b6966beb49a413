/** The configuration of a broker that is its own controller and is alone. */
import { host } from '../ports.ts'

export type BrokerPlace = {
  /** Where the broker listens for clients, and where it tells them to come: host:port. */
  readonly listens: string
  readonly advertised: string
  /** Where its controller listens. */
  readonly controller: string
  readonly dataDir: string
}

/** The settings by their Kafka names. */
export function brokerSettings(place: BrokerPlace): Readonly<Record<string, string>> {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${place.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${place.listens},CONTROLLER://${place.controller}`,
    'advertised.listeners': `PLAINTEXT://${place.advertised}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': place.dataDir,
    // A mistyped topic name must be an error, not a new topic.
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // After kill -9 the controller lets the broker in again only when its old session has expired; with
    // the default of 9 s a restart takes 14 s, with 4 s half of that.
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 1_000,
    // 128 MB of heap by default, for compacting large topics; ours are offsets only.
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
  }
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}

/** The settings as the text of server.properties. */
export function toProperties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeValue(value)}\n`)
    .join('')
}

/** The settings as the variables that the image apache/kafka reads. */
export function toImageEnvironment(
  settings: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
      value,
    ]),
  )
}

/** server.properties of a broker on loopback. */
export function brokerProperties(options: {
  readonly port: number
  readonly controllerPort: number
  readonly dataDir: string
}): string {
  const listens = `${host}:${options.port}`
  const controller = `${host}:${options.controllerPort}`
  const { dataDir } = options
  return toProperties(brokerSettings({ listens, advertised: listens, controller, dataDir }))
}

/** Java's properties format: a backslash escapes, also itself. */
function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\')
}
