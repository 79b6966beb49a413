/**
 * The classes that the broker loads, parsed and linked once and kept as an archive (AppCDS): a start then
 * takes half the CPU time. Made by starting a broker once and stopping it again.
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { classArchive, java, javaArguments } from '../kafka/java.ts'
import { askClusterId } from '../kafka/probe.ts'
import { brokerProperties } from '../kafka/properties.ts'
import { moveIntoPlace, temporaryBeside } from '../place.ts'
import { anyFreePort } from '../ports.ts'
import { describeEnd, lastLines, run } from '../process/run.ts'
import { kafkaVersion } from '../versions.ts'
import { runTool } from './run-tool.ts'
import type { SetupContext, SetupStep } from './step.ts'

const title = `start-up archive of Kafka ${kafkaVersion}`
const clusterId = 'millrace-dry-start-000'
const startTimeoutMs = 180_000

export const kafkaArchive: SetupStep = {
  name: 'kafka-archive',
  title,
  after: ['kafka'],
  weight: 'optional',
  isPresent: async ({ cacheDir, signal }) => {
    const archive = classArchive(cacheDir)
    if (!existsSync(archive) || !existsSync(noteOf(archive))) return false
    return readFileSync(noteOf(archive), 'utf8') === (await javaVersion(signal))
  },
  bring: async (context) => {
    const archive = classArchive(context.cacheDir)
    const workshop = temporaryBeside(archive)
    mkdirSync(workshop, { recursive: true })
    try {
      const made = join(workshop, 'broker.jsa')
      await dryStart(workshop, made, context)
      // Remove the note first: archive and note must never speak of different Javas.
      rmSync(noteOf(archive), { force: true })
      rmSync(archive, { force: true })
      moveIntoPlace(made, archive)
      writeFileSync(noteOf(archive), await javaVersion(context.signal))
    } finally {
      rmSync(workshop, { recursive: true, force: true })
    }
  },
}

/** Only the Java that wrote an archive can read it; the note beside it says which that was. */
function noteOf(archive: string): string {
  return `${archive}.java`
}

async function javaVersion(signal: AbortSignal): Promise<string> {
  return (await run(java, ['-version'], { signal })).output
}

/** Starts a broker on free ports with an empty data directory, and stops it once it answers. */
async function dryStart(workshop: string, archive: string, context: SetupContext): Promise<void> {
  const { cacheDir, signal, say } = context
  say('starting the broker once')
  const port = await anyFreePort()
  const properties = join(workshop, 'server.properties')
  const dataDir = join(workshop, 'data')
  writeFileSync(
    properties,
    brokerProperties({ port, controllerPort: await anyFreePort(), dataDir }),
  )
  const format = ['format', '--cluster-id', clusterId, '--config', properties]
  const tool = javaArguments(cacheDir, 'kafka.tools.StorageTool', format, [])
  await runTool(title, java, tool, { signal })

  const log = join(workshop, 'broker.log')
  const descriptor = openSync(log, 'a')
  const record = [`-XX:ArchiveClassesAtExit=${archive}`]
  const broker = spawn(java, javaArguments(cacheDir, 'kafka.Kafka', [properties], record), {
    stdio: ['ignore', descriptor, descriptor],
  })
  closeSync(descriptor)
  const ended = new Promise<string>((resolve) => {
    broker.once('error', (error) => resolve(`cannot be run (${error.message})`))
    broker.once('exit', (code, name) => resolve(describeEnd(code, name) ?? 'ended by itself'))
  })
  let reason = 'was not ready in time'
  try {
    await Promise.race([ended.then((how) => Promise.reject(new Error(how))), answers(port, signal)])
  } catch (error) {
    signal.throwIfAborted()
    reason = error instanceof Error ? error.message : reason
  } finally {
    broker.kill('SIGTERM')
    await ended
  }
  if (!existsSync(archive)) {
    const lines = lastLines(readFileSync(log, 'utf8'), 5)
    throw problem('services/setup-failed', { step: title, command: java, reason, lines })
  }
}

async function answers(port: number, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + startTimeoutMs
  for (;;) {
    try {
      await askClusterId(port)
      return
    } catch (error) {
      if (systemClock.now() > deadline) throw error
    }
    await systemClock.sleep(200, signal)
  }
}
