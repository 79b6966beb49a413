/** What must stand in the lake at the end, told from the landed rows and the list of builds alone. */
import type { Row } from '../../../core/clients/duckdb.ts'
import type { Lake } from '../../../core/clients/lake.ts'
import { queryLake } from '../project.ts'
import { people, stateOf } from './project.ts'

const ofEvents: Readonly<Record<string, string>> = {
  copied: 'select id, key, amount, happened_on, batch from lake.raw.events',
  totals: 'select key, sum(amount)::bigint as amount from lake.raw.events group by key',
  latest:
    'select key, max(id) as id, arg_max(amount, id) as amount from lake.raw.events group by key',
  days: `select happened_on, count(*) as events, sum(amount)::bigint as amount
    from lake.raw.events group by happened_on`,
}

/** The rows of each incremental model, in order. */
export async function incrementalRows(lake: Lake): Promise<Record<string, Row[]>> {
  return await rowsOf(lake, (name) => `from lake.main.${name}`)
}

/** The same, from the landed rows. */
export async function expectedRows(lake: Lake): Promise<Record<string, Row[]>> {
  return await rowsOf(lake, (_, query) => query)
}

async function rowsOf(
  lake: Lake,
  queryOf: (name: string, truth: string) => string,
): Promise<Record<string, Row[]>> {
  const rows: Record<string, Row[]> = {}
  for (const [name, truth] of Object.entries(ofEvents)) {
    rows[name] = await queryLake(lake, `${queryOf(name, truth)} order by all`)
  }
  return rows
}

export type Version = {
  readonly id: number
  readonly state: number
  readonly isOpen: boolean
}

/** Versions of the snapshot, by person and time. */
export async function foundVersions(lake: Lake): Promise<Version[]> {
  const rows = await queryLake(
    lake,
    `select id, state, dbt_valid_to is null as is_open from lake.main.people_history
     order by id, dbt_valid_from, dbt_valid_to nulls last`,
  )
  return rows.map((row) => ({
    id: Number(row['id']),
    state: Number(row['state']),
    isOpen: row['is_open'] === true,
  }))
}

/** What a snapshot of these builds holds. */
export function expectedVersions(generations: readonly number[]): Version[] {
  const versions: Version[] = []
  for (let id = 0; id < people; id++) {
    let state: number | undefined
    for (const generation of generations) {
      const next = stateOf(id, generation)
      if (next === state) continue
      const last = versions.at(-1)
      if (state !== undefined && last !== undefined) {
        versions[versions.length - 1] = { ...last, isOpen: false }
      }
      if (next !== undefined) versions.push({ id, state: next, isOpen: true })
      state = next
    }
  }
  return versions
}

/** Versions that end before they begin, or overlap the next one of the person. */
export async function crookedVersions(lake: Lake): Promise<Row[]> {
  return await queryLake(
    lake,
    `select id, dbt_valid_from, dbt_valid_to from lake.main.people_history
     qualify dbt_valid_to <= dbt_valid_from
       or coalesce(dbt_valid_to, 'infinity') > lead(dbt_valid_from) over (partition by id order by dbt_valid_from)`,
  )
}

/** The builds in the order in which they were published. */
export async function loggedGenerations(lake: Lake): Promise<number[]> {
  const rows = await queryLake(lake, 'select generation from lake.main.log order by rowid')
  return rows.map((row) => Number(row['generation']))
}
