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
 * Kills every process that was started with this text in its environment. Those of a stand-in that was killed:
 * the kernel ends the container itself (`bindToParent`), not what the container started.
 */
export function killByEnvironment(text: string): void {
  for (const name of directoryOf('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    if (
      !textOf(`/proc/${pid}/environ`)
        .split('\0')
        .some((entry) => entry.startsWith(text))
    )
      continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
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
