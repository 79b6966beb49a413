/**
 * One command at a time starts or stops an instance. Each contender announces itself with a file of its
 * own, then looks who else is there: whoever looks second sees the other, so two never hold the lock, and
 * the file of a dead contender can be removed by anyone without a race.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../core/clock.ts'
import { problem } from '../core/problems.ts'
import { readJson, writeJson } from './json-file.ts'
import { identify, isAlive } from './process/identity.ts'

const claimSchema = z.object({ pid: z.int(), birth: z.string() })

/**
 * Runs `action` while no other process runs one under the same directory.
 * @param directory an existing directory for the contenders' files
 * @throws `services/busy` when another living process holds it for longer than `patienceMs`
 */
export async function withLock<Result>(
  directory: string,
  action: () => Promise<Result>,
  { patienceMs = 120_000, signal }: { patienceMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  const own = join(directory, `${process.pid}-${randomBytes(6).toString('hex')}.json`)
  const deadline = systemClock.now() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    writeJson(own, identify(process.pid))
    const holder = livingOther(directory, own)
    if (holder === undefined) break
    rmSync(own, { force: true })
    if (systemClock.now() > deadline) {
      throw problem('services/busy', { stateDir: directory, holder: `pid ${holder}` })
    }
    // Random, so that two who saw each other do not go on meeting.
    await systemClock.sleep(20 + Math.random() * 80, signal)
  }
  try {
    return await action()
  } finally {
    rmSync(own, { force: true })
  }
}

/** The pid of another living contender; files of dead ones are removed on the way. */
function livingOther(directory: string, own: string): number | undefined {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name)
    if (file === own || !name.endsWith('.json')) continue
    const claim = readJson(file, claimSchema)
    if (claim === undefined) continue
    if (isAlive(claim)) return claim.pid
    rmSync(file, { force: true })
  }
  return undefined
}
