/** What `source freshness` prints: dbt's lines, or one JSON object a source. */
import type { FreshnessEvent, FreshnessResult } from '../../transform/index.ts'
import { padded } from './run-lines.ts'
import { plural, tookText } from './stat-lines.ts'

const verdicts = {
  pass: 'PASS',
  warn: 'WARN',
  error: 'ERROR STALE',
  'runtime error': 'ERROR',
} as const satisfies Record<FreshnessResult['status'], string>

/** @param width to which the line is padded with dots */
export function freshnessLine(event: FreshnessEvent, clockTime: string, width: number): string {
  const { source, index, total } = event
  const what = `freshness of ${source.source}.${source.name}`
  const verdict = event.kind === 'started' ? 'START' : verdicts[event.result.status]
  const head = `${index} of ${total} ${verdict} ${what}`
  const note =
    event.kind === 'started' ? 'RUN' : `${verdict} in ${(event.elapsedMs / 1_000).toFixed(2)}s`
  return `${clockTime}  ${padded(head, note, width)}`
}

/** Why sources failed, a block for each, and how long it took. */
export function closingLines(
  results: readonly FreshnessResult[],
  files: ReadonlyMap<string, string>,
  elapsedMs: number,
): string[] {
  const counted = plural(results.length, 'source')
  const failed = results.filter(hasFailed)
  return [
    '',
    `Finished running ${counted}${tookText(elapsedMs / 1_000)}.`,
    ...failed.flatMap((result) => {
      const name = result.id.split('.').slice(3).join('.')
      const why = result.status === 'runtime error' ? result.error : `Status: ${result.status}`
      const lines = why.split('\n').map((line) => `  ${line}`)
      return ['', `Error in source ${name} (${files.get(result.id) ?? ''})`, ...lines]
    }),
    '',
    'Done.',
  ]
}

export function freshnessJson(event: FreshnessEvent): Record<string, unknown> | undefined {
  if (event.kind === 'started') return undefined
  const { result, index, total } = event
  const age =
    result.status === 'runtime error'
      ? { message: result.error }
      : { max_loaded_at: result.maxLoadedAt, age_seconds: result.ageSeconds }
  return {
    ...{ event: 'source.checked', index, total, unique_id: result.id, status: result.status },
    ...age,
    elapsed_ms: Math.round(event.elapsedMs),
  }
}

/** A source that is too old, and one whose age could not be asked. */
export function hasFailed({ status }: FreshnessResult): boolean {
  return status === 'error' || status === 'runtime error'
}
