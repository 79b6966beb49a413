/** A lock between processes of one machine: a file that holds its owner's pid, taken over when the owner is gone. */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { type Clock, systemClock } from './clock.ts'

const pollMs = 5

/**
 * Runs `work` while no other process holds the lock, polling every few milliseconds.
 * @throws Error when it is not free within `timeoutMs` (default 60,000)
 */
export async function withLockFile<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly timeoutMs?: number; readonly clock?: Clock } = {},
): Promise<T> {
  const clock = options.clock ?? systemClock
  const deadline = clock.now() + (options.timeoutMs ?? 60_000)
  while (!tryLock(file)) {
    if (clock.now() > deadline)
      throw new Error(`${file} is still locked by process ${ownerOf(file)}`)
    await clock.sleep(pollMs + Math.random() * pollMs)
  }
  try {
    return await work()
  } finally {
    unlinkSync(file)
  }
}

function tryLock(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    writeSync(descriptor, String(process.pid))
    closeSync(descriptor)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    breakStaleLock(file)
    return false
  }
}

function breakStaleLock(file: string): void {
  const owner = ownerOf(file)
  if (owner === undefined || isAlive(owner)) return
  try {
    unlinkSync(file)
  } catch {
    // Somebody else removed it first.
  }
}

function ownerOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined // empty: being written this moment
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
