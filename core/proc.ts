/** What Linux tells of processes under /proc, by which a pid is told from the same pid later. */
import { readFileSync } from 'node:fs'

export type ProcessStat = {
  /** One letter, `Z` for a zombie and `X` for a process that is just going. */
  readonly state: string
  readonly threads: number
  /** When it began, in clock ticks since boot. */
  readonly startTicks: string
}

/** Undefined when there is no such process, or no /proc. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field is the program's name in parentheses and may hold anything, spaces and ")" too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', threads: Number(fields[17]), startTicks: fields[19] ?? '' }
}

/** Whether it is dead, and its parent has not asked after it. With other threads left its files are still open. */
export function isDead({ state, threads }: ProcessStat): boolean {
  return state === 'X' || (state === 'Z' && threads <= 1)
}

/** Another one after each start of the machine; undefined where there is no /proc. */
export function bootId(): string | undefined {
  return readText('/proc/sys/kernel/random/boot_id')?.trim()
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
