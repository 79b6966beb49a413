/**
 * Which process a pid means. A pid alone is reused by the system, so it is always written down with the
 * moment that process was born, and both are compared before any signal is sent.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that was alive once: its pid and its birth, an opaque text that no later process shares. */
export type ProcessIdentity = { readonly pid: number; readonly birth: string }

/** The identity of a living process; undefined when there is none (a zombie counts as dead). */
export function identify(pid: number): ProcessIdentity | undefined {
  const birth = process.platform === 'linux' ? birthFromProc(pid) : birthFromPs(pid)
  return birth === undefined ? undefined : { pid, birth }
}

/** Tells whether that very process is still alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.birth === identity.birth
}

/**
 * Sends a signal to that very process.
 * @returns false when it is gone, or when its pid belongs to another process by now
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Start time in clock ticks since boot, with the boot's id so that it means nothing after a restart. */
function birthFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything, spaces and ")" too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, threads, startTicks] = [fields[0], Number(fields[17]), fields[19]]
    // While a zombie still has other threads, its files and ports are open.
    const isGone = state === 'X' || (state === 'Z' && threads <= 1)
    return isGone ? undefined : `${bootId()}/${startTicks}`
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown-boot'
  }
}

function birthFromPs(pid: number): string | undefined {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    const [state, ...start] = output.split(/\s+/)
    return state === undefined || state === '' || state.startsWith('Z')
      ? undefined
      : start.join(' ')
  } catch {
    return undefined
  }
}
