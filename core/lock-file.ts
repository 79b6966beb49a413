/**
 * A lock between processes of one machine: a file that names its owner, taken over when the owner is gone. The
 * file appears with its content in one step, and only who holds the guard beside it removes a dead owner's file.
 */
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { type Clock, systemClock } from './clock.ts'
import { problem } from './problems.ts'
import { bootId, isDead, readProcessStat } from './proc.ts'

const pollMs = 5

/**
 * Runs `work` while no other process holds the lock, polling every few milliseconds.
 * @throws `lake/locked` when it is not free within `timeoutMs` (default 60,000)
 */
export async function withLockFile<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly timeoutMs?: number; readonly clock?: Clock } = {},
): Promise<T> {
  const clock = options.clock ?? systemClock
  const timeoutMs = options.timeoutMs ?? 60_000
  const deadline = clock.now() + timeoutMs
  while (!tryLock(file)) {
    if (clock.now() > deadline) {
      throw problem('lake/locked', { file, owner: readOwner(file) ?? 'nobody', timeoutMs })
    }
    await clock.sleep(pollMs + Math.random() * pollMs)
  }
  try {
    return await work()
  } finally {
    unlinkSync(file)
  }
}

function tryLock(file: string): boolean {
  if (readOwner(file) !== undefined) {
    if (isOwnerGone(file)) breakStaleLock(file)
    return false
  }
  // A file that was only opened would be empty for a moment, and for ever if its maker died in that moment.
  const announced = `${file}.${randomUUID()}`
  try {
    writeFileSync(announced, ownerNow(process.pid), { mode: 0o600 })
    linkSync(announced, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(announced, { force: true })
  }
}

/** Of two who find the same dead owner, the second must not remove the lock that the first has taken since. */
function breakStaleLock(file: string): void {
  const guard = `${file}.breaking`
  if (!tryLock(guard)) return
  try {
    if (isOwnerGone(file)) unlinkSync(file)
  } finally {
    unlinkSync(guard)
  }
}

/** Whether the file names a process that is gone. */
export function isOwnerGone(file: string): boolean {
  const owner = readOwner(file)
  return owner !== undefined && isGone(owner)
}

/** Whether an owner, as `ownerNow` named it, is gone. */
export function isGone(owner: string): boolean {
  const pid = Number.parseInt(owner, 10)
  const stat = readProcessStat(pid)
  const isBuried = !isAlive(pid) || ownerNow(pid) !== owner
  return isBuried || (stat !== undefined && isDead(stat))
}

function readOwner(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // released this moment
  }
}

/** A process as an owner: its pid, and when it began, because pids are given again. Without /proc the pid has to do. */
export function ownerNow(pid: number): string {
  return `${pid} ${bootId() ?? ''} ${readProcessStat(pid)?.startTicks ?? ''}`
}

/** Whether a process with this pid is there, whoever's it is. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
