/** How long a run will still take, told from what its nodes took before. */
import type { Durations } from './earlier-durations.ts'

export type Course = {
  /** Ids of the nodes that are to run. */
  readonly planned: readonly string[]
  /** Nodes that run at once. */
  readonly threads: number
  readonly durations: Durations
}

/**
 * @param ended ids
 * @param running id → how long it has been running, in milliseconds
 * @returns milliseconds; undefined when less than half of the nodes have run before
 */
export function timeLeft(
  { planned, threads, durations }: Course,
  ended: ReadonlySet<string>,
  running: ReadonlyMap<string, number>,
): number | undefined {
  const known = planned.flatMap((id) => durations.get(id) ?? [])
  if (known.length === 0 || known.length * 2 < planned.length) return undefined
  const usual = known.reduce((sum, one) => sum + one, 0) / known.length
  const left = planned
    .filter((id) => !ended.has(id))
    .map((id) => Math.max(0, (durations.get(id) ?? usual) - (running.get(id) ?? 0)))
  const work = left.reduce((sum, one) => sum + one, 0)
  return Math.max(work / threads, ...left.filter((one) => one > work / threads))
}

/** `about 12s left`, and minutes from two on. */
export function timeLeftText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000))
  return `about ${seconds < 120 ? `${seconds}s` : `${Math.round(seconds / 60)}m`} left`
}
