/** The processes of a container, and how much memory they hold. Linux tells; elsewhere nobody does. */
import { readdirSync, readFileSync } from 'node:fs'

/** The process and everything below it. */
function treeOf(pid: number): readonly number[] {
  const children = directoryOf(`/proc/${pid}/task`).flatMap((task) =>
    textOf(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(treeOf)]
}

/** Resident memory of a process and everything below it, in bytes; 0 when nobody can tell. */
export function residentBytes(pid: number): number {
  let kilobytes = 0
  for (const each of treeOf(pid)) {
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${each}/status`))?.[1] ?? 0)
  }
  return kilobytes * 1024
}

/**
 * Kills every process that was started with this text in its environment, wherever it went since: a session of its
 * own, a parent that is gone. Goes on until it finds none, because what is being killed may just have forked.
 */
export function killByEnvironment(text: string): void {
  for (let round = 0; round < maxRounds; round++) {
    const found = directoryOf('/proc').map(Number).filter(hasInEnvironment(text))
    if (found.length === 0) return
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself meanwhile.
      }
    }
  }
}

/** What is dead already has no environment, so that only what forks faster than we kill needs so many. */
const maxRounds = 20

function hasInEnvironment(text: string): (pid: number) => boolean {
  return (pid) =>
    Number.isInteger(pid) &&
    pid !== process.pid &&
    textOf(`/proc/${pid}/environ`)
      .split('\0')
      .some((entry) => entry.startsWith(text))
}

function directoryOf(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return [] // gone, or no Linux
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
