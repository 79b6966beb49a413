/** Looks whether everything that Millrace needs is there and fits together; what is wrong comes with what to do. */
import { messageOf } from '../core/errors.ts'
import { java } from './kafka/java.ts'
import { isPortFree, portSettings } from './ports.ts'
import { abandonedHomes, rootPlace } from './postgres/data-home.ts'
import { run } from './process/run.ts'
import { duckdbExtensions } from './setup/duckdb-extensions.ts'
import type { SetupStep } from './setup/step.ts'
import { type Ports, type portNames, portsOf } from './state.ts'
import { readStatus } from './status.ts'
import { cachePaths } from './versions.ts'

/** `ok`; `note`: works, but worth knowing; `bad`: something will fail. */
export type Finding = {
  readonly check: string
  readonly verdict: 'ok' | 'note' | 'bad'
  readonly found: string
  /** What to do about it. */
  readonly advice?: string
}

export type Examination = {
  readonly stateDir: string
  readonly cacheDir: string
  /** The ports `up` would use. */
  readonly ports: Ports
  /** What set-up brings. */
  readonly steps: readonly SetupStep[]
  /** UV_THREADPOOL_SIZE, as this process was started. */
  readonly threadPoolSize: number
  /** Lowest release of Node that works, as major and minor. */
  readonly leastNode: readonly [number, number]
}

/** Runs every check. Never throws for what it finds; reads only. */
export async function examine(subject: Examination): Promise<readonly Finding[]> {
  return [
    nodeFinding(subject.leastNode),
    threadPoolFinding(subject.threadPoolSize),
    await javaFinding(),
    ...(await Promise.all(subject.steps.map((step) => cacheFinding(step, subject.cacheDir)))),
    ...(await duckdbFindings(subject.cacheDir)),
    ...(await serviceFindings(subject)),
    ...abandonedFindings(),
  ]
}

function nodeFinding([major, minor]: readonly [number, number]): Finding {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  const fits = ownMajor > major || (ownMajor === major && ownMinor >= minor)
  const found = process.versions.node
  return fits
    ? { check: 'Node.js', verdict: 'ok', found }
    : {
        check: 'Node.js',
        verdict: 'bad',
        found,
        advice: `${major}.${minor} or newer is needed; \`make setup\` brings one, ./millrace uses it`,
      }
}

function threadPoolFinding(size: number): Finding {
  const check = 'UV_THREADPOOL_SIZE'
  return size >= 16
    ? { check, verdict: 'ok', found: String(size) }
    : {
        check,
        verdict: 'note',
        found: String(size),
        advice: 'export UV_THREADPOOL_SIZE=16 before Node starts, else queries wait for each other',
      }
}

async function javaFinding(): Promise<Finding> {
  const { failure, output } = await run(java, ['-version'])
  const version = /version "([^"]+)"/.exec(output)?.[1]
  const found = version ?? failure ?? 'unknown'
  return Number.parseInt(version ?? '0', 10) >= 17
    ? { check: 'Java', verdict: 'ok', found }
    : { check: 'Java', verdict: 'bad', found, advice: 'install Java 17 or newer; Kafka runs on it' }
}

async function cacheFinding(step: SetupStep, cacheDir: string): Promise<Finding> {
  const context = { cacheDir, signal: new AbortController().signal, say: () => {} }
  const advice = 'run `make setup` (or `millrace setup`)'
  try {
    if (await step.isPresent(context)) {
      return { check: step.title, verdict: 'ok', found: 'present' }
    }
    const verdict = step.weight === 'required' ? 'bad' : 'note'
    return { check: step.title, verdict, found: `not in ${cacheDir}`, advice }
  } catch (error) {
    return { check: step.title, verdict: 'bad', found: messageOf(error), advice }
  }
}

/** DuckDB itself is loaded here, so that a broken binding is a finding and not the end of the doctor. */
async function duckdbFindings(cacheDir: string): Promise<readonly Finding[]> {
  const advice = 'run `make setup` again; DuckDB and its extensions must be of one release'
  const extensionDirectory = cachePaths.duckdbExtensions(cacheDir)
  try {
    const { openDuckdb } = await import('../core/clients/duckdb.ts')
    const { duckdbVersion, loadExtension } = await import('../core/clients/duckdb-extensions.ts')
    await using duckdb = await openDuckdb({ extensionDirectory })
    const findings: Finding[] = [{ check: 'DuckDB', verdict: 'ok', found: duckdbVersion }]
    for (const name of duckdbExtensions) {
      const check = `DuckDB extension ${name}`
      try {
        await duckdb.withConnection((connection) =>
          loadExtension(connection, extensionDirectory, name),
        )
        findings.push({ check, verdict: 'ok', found: 'loads' })
      } catch (error) {
        findings.push({ check, verdict: 'bad', found: messageOf(error), advice })
      }
    }
    return findings
  } catch (error) {
    return [{ check: 'DuckDB', verdict: 'bad', found: messageOf(error), advice }]
  }
}

async function serviceFindings({ stateDir, ports }: Examination): Promise<readonly Finding[]> {
  const { services } = readStatus(stateDir)
  const findings: Finding[] = []
  for (const { service, state, address, reason, log } of services) {
    const check = `service ${service}`
    if (state === 'died') {
      const advice = `its log is ${log}; \`millrace up\` starts it again`
      findings.push({ check, verdict: 'bad', found: `died: ${reason}`, advice })
      continue
    }
    findings.push({
      check,
      verdict: 'ok',
      found: address === undefined ? state : `${state} at ${address}`,
    })
    if (state !== 'stopped') continue
    for (const name of portsOf[service]) findings.push(...(await portFinding(name, ports[name])))
  }
  return findings
}

async function portFinding(
  name: (typeof portNames)[number],
  port: number,
): Promise<readonly Finding[]> {
  if (port === 0 || (await isPortFree(port))) return []
  const check = `port ${port} (${portSettings[name]})`
  const advice = '`millrace up` takes a free one instead, unless you set this one yourself'
  return [{ check, verdict: 'note', found: 'in use by another program', advice }]
}

function abandonedFindings(): readonly Finding[] {
  const homes = abandonedHomes()
  if (homes.length === 0) return []
  const found = `${homes.length} in ${rootPlace}, of state directories that are gone`
  const advice = `rm -r ${homes.map(({ directory }) => directory).join(' ')}`
  return [{ check: 'PostgreSQL data left behind', verdict: 'note', found, advice }]
}
