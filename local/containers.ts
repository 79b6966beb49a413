/**
 * The same services from images, by testcontainers: `services: containers`. The containers outlive the
 * command; `down` stops them with their data inside, `down --purge` removes them. There is no supervisor:
 * the engine is one.
 */
import { existsSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { problem } from '../core/problems.ts'
import type { Instance } from './instance.ts'
import { brokerSettings, toImageEnvironment } from './kafka/properties.ts'
import { kafka } from './kafka/service.ts'
import { withLock } from './lock.ts'
import { choosePorts, host } from './ports.ts'
import { createPostgres } from './postgres/service.ts'
import { purge } from './purge.ts'
import { askForBucket, s3 } from './s3/service.ts'
import { type ServiceName, serviceNames } from './service-names.ts'
import type { Service, ServiceContext } from './services.ts'
import type { StartOptions } from './start-options.ts'
import {
  bucketName,
  type InstanceState,
  instanceSettings,
  makeCredentials,
  makeStateDir,
  portNames,
  portsOf,
  readState,
  region,
  stateDirIdentity,
  statePaths,
  superuser,
  writeState,
} from './state.ts'
import type { InstanceStatus, ServiceStatus } from './status.ts'
import { kafkaVersion, versitygwVersion } from './versions.ts'

type Testcontainers = typeof import('testcontainers')

/** What to run for a service. */
type Image = {
  readonly name: string
  /** The port inside that clients use. */
  readonly port: number
  readonly environment: (context: ServiceContext) => Readonly<Record<string, string>>
  readonly command?: readonly string[]
}

/** The stand-in for SageMaker has no image: it is Millrace itself, and runs under the supervisor only. */
type ImageName = Exclude<ServiceName, 'sagemaker'>
const imageNames = serviceNames.filter((name): name is ImageName => name !== 'sagemaker')

const images: Readonly<Record<ImageName, Image>> = {
  kafka: {
    name: `apache/kafka:${kafkaVersion}`,
    port: 9092,
    environment: ({ ports, credentials }) => ({
      CLUSTER_ID: credentials.kafkaClusterId,
      ...toImageEnvironment(
        brokerSettings({
          listens: ':9092',
          advertised: `${host}:${ports.kafka}`,
          controller: 'localhost:9093',
          dataDir: '/var/lib/kafka/data',
        }),
      ),
    }),
  },
  s3: {
    name: `versity/versitygw:v${versitygwVersion}`,
    port: 7070,
    environment: ({ credentials }) => ({
      ROOT_ACCESS_KEY_ID: credentials.s3AccessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.s3SecretAccessKey,
    }),
    // /tmp is there in every image, and belongs to the container like the rest of its disk.
    command: ['--region', region, '--port', ':7070', '--quiet', 'posix', '/tmp'],
  },
  postgres: {
    name: 'postgres:18',
    port: 5432,
    environment: ({ credentials }) => ({
      POSTGRES_USER: superuser,
      POSTGRES_PASSWORD: credentials.postgresPassword,
      POSTGRES_INITDB_ARGS:
        '--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --auth-host=scram-sha-256',
    }),
    command: ['-c', 'max_connections=200', '-c', 'timezone=UTC'],
  },
}

const startTimeoutMs = 300_000

/**
 * Starts the services as containers on loopback ports and waits until they answer.
 * @throws `services/no-container-engine` at once when none answers; else as `startInstance`
 */
export async function startContainers(
  options: StartOptions,
): Promise<Pick<Instance, 'stateDir' | 'settings' | 'stop'>> {
  const testcontainers = await connect()
  const { stateDir, onEvent, signal } = options
  makeStateDir(stateDir)
  const names = imageNames.filter((name) => options.services?.includes(name) !== false)
  return await withLock(statePaths(stateDir).lock, async () => {
    const before = await containerStatus(stateDir)
    const running = new Map(before.services.map((status) => [status.service, status]))
    const missing = names.filter((name) => running.get(name)?.state !== 'running')
    const state = await settleState(options, missing)
    writeState(stateDir, state, names)
    for (const service of names) {
      const address = `${host}:${state.ports[service]}`
      onEvent?.(
        missing.includes(service)
          ? { kind: 'starting', service }
          : { kind: 'already-running', service, address },
      )
    }
    for (const service of missing) {
      signal?.throwIfAborted()
      const startedAt = systemClock.now()
      await startContainer(testcontainers, service, contextOf(stateDir, state, service))
      const address = `${host}:${state.ports[service]}`
      const elapsedMs = systemClock.now() - startedAt
      onEvent?.({ kind: 'ready', service, address, elapsedMs })
    }
    const settings = instanceSettings(state, names)
    const stop = async () => {
      await stopContainers(stateDir)
    }
    return { stateDir, settings, stop }
  })
}

/** Stops the containers of a state directory; with `purge` they and their data are removed. */
export async function stopContainers(
  stateDir: string,
  options: { readonly purge?: boolean } = {},
): Promise<boolean> {
  const { getContainerRuntimeClient } = await connect()
  const { container: engine } = await getContainerRuntimeClient()
  if (!existsSync(stateDir)) return false
  let stopped = false
  for (const name of imageNames) {
    const container = await engine.fetchByLabel(label, labelOf(stateDir, name))
    if (container === undefined) continue
    const { State } = await engine.inspect(container)
    if (State.Running) {
      await engine.stop(container, { timeout: 30_000 })
      stopped = true
    }
    if (options.purge === true) await engine.remove(container, { removeVolumes: true })
  }
  if (options.purge === true) purge(stateDir)
  return stopped
}

/** How the containers of a state directory are. @throws `services/no-container-engine` */
export async function containerStatus(stateDir: string): Promise<InstanceStatus> {
  const { getContainerRuntimeClient } = await connect()
  const { container: engine } = await getContainerRuntimeClient()
  const ports = readState(stateDir)?.ports
  const services = await Promise.all(
    imageNames.map(async (service): Promise<ServiceStatus> => {
      const container = existsSync(stateDir)
        ? await engine.fetchByLabel(label, labelOf(stateDir, service))
        : undefined
      if (container === undefined) return { service, state: 'stopped', log: '' }
      const { State } = await engine.inspect(container)
      const log = `container ${container.id.slice(0, 12)}`
      if (!State.Running) {
        const clean = State.ExitCode === 0 || State.ExitCode === 143 // 143: ended by SIGTERM
        const reason = `ended with exit code ${State.ExitCode} at ${State.FinishedAt}`
        return clean ? { service, state: 'stopped', log } : { service, state: 'died', reason, log }
      }
      const seconds = (systemClock.now() - Date.parse(State.StartedAt)) / 1000
      const address = ports === undefined ? {} : { address: `${host}:${ports[service]}` }
      const uptimeSeconds = Math.floor(seconds)
      return { service, state: 'running', pid: State.Pid, ...address, uptimeSeconds, log }
    }),
  )
  const allRunning = services.every(({ state }) => state === 'running')
  return { stateDir, supervisorPid: undefined, allRunning, services }
}

const label = 'millrace.service'

/** By the place on the disk, so that a copy of the directory does not take the original's containers. */
function labelOf(stateDir: string, service: ServiceName): string {
  return `${stateDirIdentity(stateDir)}/${service}`
}

/** Loads testcontainers, which is large, and asks for an engine. */
async function connect(): Promise<Testcontainers> {
  const testcontainers = await import('testcontainers')
  try {
    await testcontainers.getContainerRuntimeClient()
    return testcontainers
  } catch (cause) {
    throw problem('services/no-container-engine', { reason: messageOf(cause) }, { cause })
  }
}

async function settleState(
  options: StartOptions,
  missing: readonly ServiceName[],
): Promise<InstanceState> {
  const kept = readState(options.stateDir)
  const { ports, changes } = await choosePorts({
    wanted: options.ports,
    // A container that exists already is bound to its port for good.
    explicit: kept === undefined ? (options.explicitPorts ?? new Set()) : new Set(portNames),
    kept: kept?.ports,
    open: missing.flatMap((service) => portsOf[service]),
  })
  for (const change of changes) options.onEvent?.({ kind: 'port-changed', ...change })
  return { ports, credentials: kept?.credentials ?? makeCredentials() }
}

function contextOf(stateDir: string, state: InstanceState, service: ServiceName): ServiceContext {
  return { stateDir, cacheDir: '', ...state, logPath: statePaths(stateDir).log(service) }
}

async function startContainer(
  { GenericContainer }: Testcontainers,
  service: ImageName,
  context: ServiceContext,
): Promise<void> {
  const image = images[service]
  const hostPort = context.ports[service]
  class LoopbackContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      const port = { HostIp: host, HostPort: String(hostPort) }
      this.hostConfig.PortBindings = { [`${image.port}/tcp`]: [port] }
    }
  }
  const container = new LoopbackContainer(image.name)
    .withExposedPorts({ container: image.port, host: hostPort })
    .withEnvironment({ ...image.environment(context) })
    .withLabels({ [label]: labelOf(context.stateDir, service) })
    .withStartupTimeout(startTimeoutMs)
    // Reused: a stopped container of ours is started again, and nothing removes it behind our back.
    .withReuse()
  if (image.command !== undefined) container.withCommand([...image.command])
  try {
    await container.start()
    await untilReady(service, context)
  } catch (cause) {
    const reason = `image ${image.name}: ${messageOf(cause)}`
    const parameters = { service, reason, log: 'in the engine (`docker logs`)', lines: [] }
    throw problem('services/failed-to-start', parameters, { cause })
  }
}

async function untilReady(name: ImageName, context: ServiceContext): Promise<void> {
  const services: Readonly<Record<ImageName, Service>> = { kafka, s3, postgres: createPostgres() }
  const deadline = systemClock.now() + startTimeoutMs
  for (;;) {
    try {
      if (name === 's3') await makeBucket(context)
      await services[name].probe(context)
      return
    } catch (error) {
      if (systemClock.now() > deadline) throw error
    }
    await systemClock.sleep(200)
  }
}

async function makeBucket(context: ServiceContext): Promise<void> {
  const status = await askForBucket('PUT', context)
  if (status !== 200 && status !== 409) throw new Error(`${bucketName} cannot be made: ${status}`)
}
