/** Snapshots that dbt and Millrace both take, round by round, and how their tables are made comparable. */
import { z } from 'zod'

export type SnapshotCase = {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  /** Over a version: what its identity is made of beside the time. */
  readonly key: string
  /** Whether it is also taken in a lake, which takes longer. */
  readonly onLake?: boolean
  /** Statements before each round; `usual` unless they are given. */
  readonly rounds?: readonly (readonly string[])[]
}

export type Round = {
  /** Name and type of each column, in order. */
  readonly columns: readonly (readonly [string, string])[]
  /** Sorted; values as text, in the order of the columns. */
  readonly rows: readonly (readonly (string | null)[])[]
}

export const roundsSchema = z.record(
  z.string(),
  z.array(
    z.object({
      columns: z.array(z.tuple([z.string(), z.string()])),
      rows: z.array(z.array(z.string().nullable())),
    }),
  ),
)

const day = (month: number) => `timestamp '2024-0${month}-01 12:30:00.5'`

export const createUsers =
  'create table raw.users (id int, region varchar, name varchar, changed timestamp)'

const usual = [
  [
    `insert into raw.users values (1, 'eu', 'Ann', ${day(1)}), (2, 'eu', 'Bob', ${day(1)}),
      (2, 'us', null, ${day(1)}), (3, 'us', 'Cleo', ${day(1)}), (4, 'us', 'Dan', null)`,
  ],
  [
    `update raw.users set name = 'Anna', changed = ${day(2)} where id = 1`,
    `update raw.users set name = 'Rob' where name = 'Bob'`,
    `insert into raw.users values (5, 'eu', 'Eve', ${day(2)})`,
    'delete from raw.users where id = 3',
  ],
  [
    `insert into raw.users values (3, 'us', 'Cleo', ${day(3)})`,
    `update raw.users set name = 'Zoe', changed = ${day(3)} where name is null`,
    `update raw.users set changed = ${day(3)} where id = 4`,
    'delete from raw.users where id = 5',
  ],
  [
    'alter table raw.users add column email varchar',
    `update raw.users set email = 'c@x', changed = ${day(4)} where id = 3`,
  ],
  [
    'alter table raw.users drop column email',
    `update raw.users set name = null, changed = ${day(5)} where id = 1`,
    'delete from raw.users where id = 4',
  ],
]

const renamed = [
  ...usual.slice(0, 4),
  [
    'alter table raw.users rename column name to full_name',
    `update raw.users set changed = ${day(5)}`,
  ],
]

/** Two rows of one key that change together: both are versions that hold. */
const doubled = [
  [`insert into raw.users values (1, 'eu', 'Ann', ${day(1)}), (1, 'us', 'Anna', ${day(1)})`],
  [`insert into raw.users values (2, 'eu', 'Bob', ${day(2)})`],
  [`update raw.users set changed = ${day(3)} where id = 1`],
]

const withoutKey = [
  [`insert into raw.users values (null, 'eu', 'Ann', ${day(1)}), (1, 'eu', 'Bob', ${day(1)})`],
  [`update raw.users set changed = ${day(2)}`],
]

const timestamp = { strategy: 'timestamp', updated_at: 'changed' }
const both = ['id', 'region']
const bothKey = "id || '|' || region"
const current = "cast('9999-12-31' as timestamp)"
const gone = {
  dbt_scd_id: 'version_id',
  dbt_valid_from: 'valid_from',
  dbt_valid_to: 'valid_to',
  dbt_updated_at: 'noted_at',
  dbt_is_deleted: 'gone',
}

export const snapshotCases: readonly SnapshotCase[] = [
  { name: 'timestamp', config: { ...timestamp, unique_key: both }, key: bothKey },
  {
    name: 'timestamp, key an expression, invalidate in the old spelling',
    config: { ...timestamp, unique_key: bothKey, invalidate_hard_deletes: true },
    key: bothKey,
  },
  {
    name: 'timestamp, invalidate, a column renamed',
    config: { ...timestamp, unique_key: both, hard_deletes: 'invalidate' },
    key: bothKey,
    rounds: renamed,
  },
  {
    name: 'timestamp, new_record',
    config: { ...timestamp, unique_key: both, hard_deletes: 'new_record' },
    key: bothKey,
  },
  {
    name: 'timestamp, new_record, an end of its own, columns renamed',
    onLake: true,
    config: {
      ...timestamp,
      unique_key: both,
      hard_deletes: 'new_record',
      dbt_valid_to_current: current,
      snapshot_meta_column_names: gone,
    },
    key: bothKey,
    rounds: renamed,
  },
  {
    name: 'timestamp, rows with the same key',
    onLake: true,
    config: { ...timestamp, unique_key: 'id' },
    key: 'id',
    rounds: doubled,
  },
  {
    name: 'timestamp, rows without a key, invalidate',
    config: { ...timestamp, unique_key: 'id', hard_deletes: 'invalidate' },
    key: "coalesce(id::varchar, '')",
    rounds: withoutKey,
  },
  {
    name: 'check of a column',
    config: { strategy: 'check', check_cols: ['name'], unique_key: both },
    key: bothKey,
  },
  {
    name: 'check of a column, dated by another, invalidate',
    onLake: true,
    config: {
      strategy: 'check',
      check_cols: ['NAME'],
      unique_key: both,
      updated_at: 'changed',
      hard_deletes: 'invalidate',
      dbt_valid_to_current: current,
    },
    key: bothKey,
  },
  {
    name: 'check of all, invalidate, a column renamed',
    onLake: true,
    config: { strategy: 'check', check_cols: 'all', unique_key: both, hard_deletes: 'invalidate' },
    key: bothKey,
    rounds: renamed,
  },
  {
    name: 'check of all, new_record, an end of its own',
    config: {
      strategy: 'check',
      check_cols: 'all',
      unique_key: both,
      hard_deletes: 'new_record',
      dbt_valid_to_current: current,
    },
    key: bothKey,
  },
]

export function roundsOf({ rounds = usual }: SnapshotCase): readonly (readonly string[])[] {
  return rounds
}

/** The schema file of a project with this snapshot, as JSON, which is YAML too. */
export function snapshotYaml({ config }: SnapshotCase): string {
  const relation = "source('raw', 'users')"
  return JSON.stringify({
    snapshots: [{ name: 'users_snapshot', relation, config: { schema: 'history', ...config } }],
  })
}

export const sourcesYaml = 'sources: [{name: raw, tables: [{name: users}]}]\n'

/** The snapshot's rows; an identity that holds a time of the clock is told by what it is made of. */
export function versionsSql({ config, key }: SnapshotCase, relation: string): string {
  const hasOwn = config['snapshot_meta_column_names'] !== undefined
  const id = hasOwn ? gone.dbt_scd_id : 'dbt_scd_id'
  const at = hasOwn ? gone.dbt_updated_at : 'dbt_updated_at'
  return `select columns(*)::varchar from (
  select * replace (
    case
      when ${at} < '2025-01-01' then ${id}
      when ${id} = md5((${key}) || '|' || ${at}::varchar) then 'of key and time'
      when exists (
        select 1 from ${relation} as ended where now.${id} = md5(ended.${id} || '|' || now.${at}::varchar)
      ) then 'of version and time'
      else ${id}
    end as ${id}
  ) from ${relation} as now
)`
}

/** Times of the clock become `round 1`, `round 2`, … by the round that they first stand in. */
export function comparable(rounds: readonly Round[]): Round[] {
  const seen = new Map<string, string>()
  return rounds.map(({ columns, rows }, at) => ({
    columns,
    rows: rows
      .map((row) => row.map((text) => label(text, at)))
      .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
  }))

  function label(text: string | null, at: number): string | null {
    if (text === null || !/^20\d\d-/.test(text) || text < '2025') return text
    if (!seen.has(text)) seen.set(text, `round ${at + 1}`)
    return seen.get(text) ?? null
  }
}
