/** Which port each service listens on. */
import { createServer } from 'node:net'
import { problem } from '../core/problems.ts'
import { type PortName, type Ports, portNames } from './state.ts'

export const host = '127.0.0.1'

/** The setting that chooses each port, for messages. */
export const portSettings: Readonly<Record<PortName, string>> = {
  kafka: 'local.kafka_port',
  kafkaController: 'local.kafka_controller_port',
  s3: 'local.s3_port',
  postgres: 'local.postgres_port',
  sagemaker: 'local.sagemaker_port',
}

export type PortChange = {
  readonly port: PortName
  readonly wanted: number
  readonly taken: number
}

export type PortRequest = {
  /** From the settings; 0 means any free one. */
  readonly wanted: Ports
  /** Those the user set himself: they are used or refused, never replaced. */
  readonly explicit: ReadonlySet<string>
  /** What the instance used before; it is kept as long as nobody else took it. */
  readonly kept: Ports | undefined
  /** The ports to decide now; the others stay (their services run, or were not asked for). */
  readonly open: readonly PortName[]
}

/**
 * Decides the ports of an instance.
 * @returns the ports, and those that differ from what was wanted because somebody else has that one
 * @throws `services/port-taken` when the user insists on a port that is in use
 */
export async function choosePorts(
  request: PortRequest,
  isFree: (port: number) => Promise<boolean> = isPortFree,
): Promise<{ readonly ports: Ports; readonly changes: readonly PortChange[] }> {
  const ports: Record<PortName, number> = { ...(request.kept ?? request.wanted) }
  const changes: PortChange[] = []
  for (const name of request.open) {
    const wanted = firstChoice(request, name)
    const others = portNames.filter((other) => other !== name).map((other) => ports[other])
    ports[name] = await settle(name, wanted, request, others, isFree)
    if (wanted !== 0 && ports[name] !== wanted) {
      changes.push({ port: name, wanted, taken: ports[name] })
    }
  }
  return { ports, changes }
}

function firstChoice({ wanted, explicit, kept }: PortRequest, name: PortName): number {
  const chosen = explicit.has(name) && wanted[name] !== 0
  return chosen ? wanted[name] : kept?.[name] || wanted[name]
}

async function settle(
  name: PortName,
  wanted: number,
  request: PortRequest,
  others: readonly number[],
  isFree: (port: number) => Promise<boolean>,
): Promise<number> {
  if (wanted !== 0 && !others.includes(wanted) && (await isFree(wanted))) return wanted
  if (wanted !== 0 && request.explicit.has(name)) {
    throw problem('services/port-taken', {
      service: name,
      port: wanted,
      setting: portSettings[name],
    })
  }
  for (;;) {
    const port = await anyFreePort()
    if (!others.includes(port)) return port
  }
}

/** Tells whether we could listen on a loopback port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A loopback port that nobody uses now, chosen by the system. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port: 0, exclusive: true }, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
