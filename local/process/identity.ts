/**
 * Which process a pid means. A pid alone is reused by the system, so it is always written down with the
 * moment that process was born, and both are compared before any signal is sent.
 */
import { execFileSync } from 'node:child_process'
import { bootId, isDead, readProcessStat } from '../../core/proc.ts'

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
  const stat = readProcessStat(pid)
  if (stat === undefined) return undefined
  return isDead(stat) ? undefined : `${bootId() ?? 'unknown-boot'}/${stat.startTicks}`
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
