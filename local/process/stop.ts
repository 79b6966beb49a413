/** Ends a process politely, then not. */
import { systemClock } from '../../core/clock.ts'
import { isAlive, type ProcessIdentity, signalProcess } from './identity.ts'

const pollMs = 20

/**
 * Sends `signal`, waits up to `graceMs`, then sends SIGKILL and waits up to 5 s more.
 * @returns true when the process is gone, also when it was before; false when it cannot be ended
 */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  try {
    signalProcess(identity, signal)
    // A process frozen by SIGSTOP hears nothing until it is woken.
    signalProcess(identity, 'SIGCONT')
    if (await hasEnded(identity, graceMs)) return true
    signalProcess(identity, 'SIGKILL')
    return await hasEnded(identity, 5_000)
  } catch (error) {
    // It belongs to another user: no signal of ours will end it.
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false
    throw error
  }
}

/** Resolves true as soon as the process is gone, false when it is still there after `withinMs`. */
async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = systemClock.now() + withinMs
  while (isAlive(identity)) {
    if (systemClock.now() >= deadline) return false
    await systemClock.sleep(pollMs)
  }
  return true
}
