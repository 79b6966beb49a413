/** How fresh sources are: each is asked for its newest row, and its age is held against what it may be. */
import type { Row } from '../../core/clients/duckdb.ts'
import type { Clock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { FreshnessResult } from '../artifacts/sources-artifact.ts'
import { type Relation, type SourceNode, textConfig } from '../compile/graph.ts'
import { criteriaOf, stalenessOf } from './criteria.ts'
import { ageSql, loadedAtSql } from './loaded-at-sql.ts'

export type FreshnessDependencies = {
  readonly query: (sql: string) => Promise<Row[]>
  /** Renders the template of a source's `loaded_at_query`. */
  readonly renderText: (id: string, text: string) => Promise<string>
  /**
   * When a table was changed, in microseconds since 1970, from the database's own records. Only a DuckLake keeps them.
   */
  readonly lastChange: (relation: Relation) => Promise<bigint | 'not-recorded' | 'no-table'>
  readonly clock: Clock
  readonly onEvent?: (event: FreshnessEvent) => void
}

export type FreshnessEvent = { readonly index: number; readonly total: number } & (
  | { readonly kind: 'started'; readonly source: SourceNode }
  | {
      readonly kind: 'finished'
      readonly source: SourceNode
      readonly result: FreshnessResult
      readonly elapsedMs: number
    }
)

/** Asks the sources one after the other; what keeps one from answering is its result. */
export async function checkFreshness(
  sources: readonly SourceNode[],
  dependencies: FreshnessDependencies,
): Promise<FreshnessResult[]> {
  const { clock, onEvent } = dependencies
  const results: FreshnessResult[] = []
  for (const [at, source] of sources.entries()) {
    const place = { index: at + 1, total: sources.length }
    onEvent?.({ kind: 'started', source, ...place })
    const started = clock.now()
    const result = await checkSource(source, dependencies, started)
    results.push(result)
    onEvent?.({ kind: 'finished', source, result, elapsedMs: clock.now() - started, ...place })
  }
  return results
}

async function checkSource(
  source: SourceNode,
  dependencies: FreshnessDependencies,
  started: number,
): Promise<FreshnessResult> {
  const { id } = source
  const criteria = criteriaOf(source) ?? {}
  try {
    const { loadedUs, checkedUs } = await askAge(source, dependencies)
    const ageSeconds = Number(checkedUs - loadedUs) / 1e6
    const ended = dependencies.clock.now()
    return {
      id,
      status: stalenessOf(ageSeconds, criteria),
      maxLoadedAt: isoMicros(loadedUs),
      checkedAt: isoMicros(checkedUs),
      ageSeconds,
      criteria,
      timing: [timing('compile', started, started), timing('execute', started, ended)],
      thread: 'main',
      elapsedMs: ended - started,
    }
  } catch (error) {
    return { id, status: 'runtime error', error: explain(error) }
  }
}

type Age = { readonly loadedUs: bigint; readonly checkedUs: bigint }

/** Year 1: as in dbt, a source without rows is that old. */
const never = -62_135_596_800_000_000n

async function askAge(source: SourceNode, dependencies: FreshnessDependencies): Promise<Age> {
  const { query, renderText } = dependencies
  const text = textConfig(source.properties, 'loaded_at_query')
  const sql = loadedAtSql(source, text && (await renderText(source.id, text)))
  if (sql === undefined) return await askDatabase(source, dependencies)
  const [column] = await query(`describe ${sql}`)
  const type = String(column?.['column_type'])
  if (!type.startsWith('TIMESTAMP')) {
    const said = text === undefined ? 'loaded_at_field' : 'loaded_at_query'
    throw unknown(source, `${said} gives a value of type ${type}, and a timestamp is needed`)
  }
  const [row] = await query(ageSql(sql))
  const { loaded_us: loaded, checked_us: checked } = row ?? {}
  return {
    loadedUs: typeof loaded === 'bigint' ? loaded : never,
    checkedUs: BigInt(String(checked)),
  }
}

/** Of a source that names no column: what the database itself knows. */
async function askDatabase(
  source: SourceNode,
  { lastChange, clock }: FreshnessDependencies,
): Promise<Age> {
  const { catalog, schema, name } = source.relation
  const loadedUs = await lastChange(source.relation)
  if (loadedUs === 'no-table') throw unknown(source, `${catalog} has no table ${schema}.${name}`)
  if (loadedUs === 'not-recorded') {
    const reason = `it has no loaded_at_field, and ${catalog} is no DuckLake, which knows when its tables changed`
    throw unknown(source, reason)
  }
  return { loadedUs, checkedUs: BigInt(clock.now()) * 1_000n }
}

function unknown({ source, name, file }: SourceNode, reason: string) {
  return problem(
    'model/unknown-freshness',
    { source: `${source}.${name}`, reason },
    { at: { file } },
  )
}

function explain(error: unknown): string {
  if (!(error instanceof MillraceError)) return messageOf(error).trim()
  return `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`
}

function timing(name: 'compile' | 'execute', from: number, to: number) {
  return {
    name,
    startedAt: new Date(from).toISOString(),
    completedAt: new Date(to).toISOString(),
  }
}

/** As Python prints a time in UTC: no fraction when there is none, else six digits. */
export function isoMicros(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const date = new Date(Number((micros - fraction) / 1_000n)).toISOString().slice(0, 19)
  return `${date}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`}+00:00`
}
