/** How old a source may be, and what its age means. */
import type { SourceNode } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'

export type Staleness = 'pass' | 'warn' | 'error'

/** `freshness` of a source as the manifest has it; undefined when nothing is asked of its age. */
export function criteriaOf({ properties }: SourceNode): Config | undefined {
  const said = properties['freshness']
  if (typeof said !== 'object' || said === null) return undefined
  const criteria: Config = { ...said }
  const asks = [criteria['warn_after'], criteria['error_after']].some(
    (bound) => secondsOf(bound) !== undefined,
  )
  return asks ? criteria : undefined
}

/** The bound for errors goes before the one for warnings, whichever is the shorter. */
export function stalenessOf(ageSeconds: number, criteria: Config): Staleness {
  if (isOver(ageSeconds, criteria['error_after'])) return 'error'
  return isOver(ageSeconds, criteria['warn_after']) ? 'warn' : 'pass'
}

function isOver(ageSeconds: number, bound: unknown): boolean {
  const seconds = secondsOf(bound)
  return seconds !== undefined && ageSeconds > seconds
}

const secondsPer: Readonly<Record<string, number>> = { minute: 60, hour: 3_600, day: 86_400 }

/** `{count, period}` in seconds. */
function secondsOf(bound: unknown): number | undefined {
  if (typeof bound !== 'object' || bound === null) return undefined
  const { count = null, period = null }: Config = { ...bound }
  const per = secondsPer[String(period)]
  return count === null || per === undefined ? undefined : Number(count) * per
}
