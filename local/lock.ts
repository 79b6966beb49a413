/**
 * One command at a time starts or stops an instance. Each contender announces itself with a file of its
 * own, then looks who else is there: whoever looks second sees the other, so two never hold the lock, and
 * the file of a dead contender can be removed by anyone without a race. All is said by the file's name: an
 * empty file can still be made when the disk is full, and `down` must work then.
 */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { problem } from '../core/problems.ts'
import { identify } from './process/identity.ts'

/**
 * Runs `action` while no other process runs one under the same directory.
 * @param directory an existing directory for the contenders' files
 * @throws `services/busy` when another living process holds it for longer than `patienceMs`,
 *   `services/state-dir-unusable`
 */
export async function withLock<Result>(
  directory: string,
  action: () => Promise<Result>,
  { patienceMs = 120_000, signal }: { patienceMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  const own = claimOf(process.pid) ?? `${process.pid}-unknown`
  const name = `${own}-${randomBytes(6).toString('hex')}`
  const file = join(directory, name)
  const deadline = systemClock.now() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    announce(file)
    const holder = livingOther(directory, name)
    if (holder === undefined) break
    rmSync(file, { force: true })
    if (systemClock.now() > deadline) {
      throw problem('services/busy', { stateDir: directory, holder: `pid ${holder}` })
    }
    // Random, so that two who saw each other do not go on meeting.
    await systemClock.sleep(20 + Math.random() * 80, signal)
  }
  try {
    return await action()
  } finally {
    rmSync(file, { force: true })
  }
}

function announce(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (cause) {
    const parameters = { path: dirname(file), reason: messageOf(cause) }
    throw problem('services/state-dir-unusable', parameters, { cause })
  }
}

/** How the names of a process's files begin: its pid and its birth. */
function claimOf(pid: number): string | undefined {
  const identity = identify(pid)
  if (identity === undefined) return undefined
  return `${pid}-${createHash('sha256').update(identity.birth).digest('hex').slice(0, 16)}`
}

/** The pid of another living contender; files of dead ones are removed on the way. */
function livingOther(directory: string, own: string): number | undefined {
  for (const name of readdirSync(directory)) {
    if (name === own) continue
    const pid = Number.parseInt(name, 10)
    const claim = claimOf(pid)
    if (claim !== undefined && name.startsWith(`${claim}-`)) return pid
    rmSync(join(directory, name), { force: true })
  }
  return undefined
}
