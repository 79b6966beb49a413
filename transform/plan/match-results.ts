/** What earlier commands left behind: `result:error` and `source_status:fresher`. */
import { problem } from '../../core/problems.ts'
import { field, items, text } from './json.ts'
import type { PreviousState } from './previous-state.ts'

/** Ids of the nodes that ended with this status. @throws `model/no-state` */
export function findResults(previous: PreviousState | undefined, status: string): Set<string> {
  const what = `result:${status}`
  if (previous?.results === undefined) throw missing(what, 'run_results.json')
  const results = items(field(previous.results, 'results'))
  return new Set(
    results
      .filter((result) => field(result, 'status') === status)
      .map((result) => text(field(result, 'unique_id'))),
  )
}

/** Ids of the sources that have newer rows now than then, or were not measured then. @throws `model/no-state` */
export function findFresherSources(
  previous: PreviousState | undefined,
  wanted: string,
): Set<string> {
  const what = `source_status:${wanted}`
  if (previous?.sources === undefined) throw missing(what, 'sources.json')
  if (previous.currentSources === undefined) throw missing(what, 'target/sources.json')
  if (wanted !== 'fresher') return new Set()
  const then = loadedAt(previous.sources)
  const now = loadedAt(previous.currentSources)
  const fresher = [...now].filter(([id, at]) => at > (then.get(id) ?? Number.NEGATIVE_INFINITY))
  return new Set(fresher.map(([id]) => id))
}

/** Milliseconds since 1970 by source; those that could not be measured are left out. */
function loadedAt(sources: unknown): Map<string, number> {
  const measured = items(field(sources, 'results')).flatMap((result) => {
    const at = Date.parse(text(field(result, 'max_loaded_at')))
    return Number.isNaN(at) ? [] : [[text(field(result, 'unique_id')), at] as const]
  })
  return new Map(measured)
}

function missing(what: string, file: string) {
  return problem('model/no-state', { what, file })
}
