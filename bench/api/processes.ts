/** What Linux counts of processes. */
import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ, whatever the kernel counts in. */
const ticksPerSecond = 100

/** Of a process and its children, those that have ended included. */
export function cpuSecondsOf(parent: number): number {
  let ticks = statOf(parent)?.all ?? 0
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(Number(name))
    if (stat?.parent === parent) ticks += stat.own
  }
  return ticks / ticksPerSecond
}

/** Of the children of a process that have ended. */
export function endedCpuSecondsOf(pid: number): number {
  const stat = statOf(pid)
  return stat === undefined ? 0 : (stat.all - stat.own) / ticksPerSecond
}

export function parentOf(pid: number): number {
  return statOf(pid)?.parent ?? 0
}

/** The most memory that a process has had. */
export function peakMbOf(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

type Stat = { readonly parent: number; readonly own: number; readonly all: number }

/** In ticks; undefined when it has ended. */
function statOf(pid: number): Stat | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15)
  const own = user + system
  return { parent: fields[1] ?? 0, own, all: own + children + childrenSystem }
}
