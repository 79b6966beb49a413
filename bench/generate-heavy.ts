/** Two projects with much data: wide aggregates over one large table, and a chain of increments. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `wide`: 10 models over 50 million rows; `increments`: 3 incremental models, one on the other. */
export type HeavyKind = 'wide' | 'increments'

/** What the source table holds, as SQL over `range(…) t(i)`. */
const columns = `i as id, (i * 7919) % 1000003 as user_id, (i % 97)::integer as kind,
  (i % 10007) / 100.0 as amount, timestamp '2024-01-01' + to_seconds(i % 31536000) as at`

/** Makes the source table. */
export function sourceSql(rows: number): string {
  return `create or replace table events as select ${columns} from range(${rows}) t(i)`
}

/** Adds rows to it. */
export function appendSql(rows: number): string {
  return `insert into events
    select ${columns} from (select (select max(id) + 1 from events) + i as i from range(${rows}) t(i))`
}

export function generateHeavy(folder: string, kind: HeavyKind): void {
  const models = kind === 'wide' ? wideModels() : chain
  for (const [file, text] of Object.entries({ ...common, ...models })) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

const common: Record<string, string> = {
  'dbt_project.yml': `name: heavy
version: '1.0'
config-version: 2
profile: synth
models: {heavy: {+materialized: table}}
`,
  'profiles.yml': `synth:
  target: dev
  outputs:
    dev: {type: duckdb, path: synth.duckdb, threads: 4}
`,
  'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]\n',
}

function wideModels(): Record<string, string> {
  const groups = [
    'kind',
    'user_id % 1000',
    "date_trunc('day', at)",
    "date_trunc('month', at)",
    'id % 500',
  ]
  return Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `models/wide_${index}.sql`,
      `select ${groups[index % 5]} as part, count(*) as events, sum(amount) as amount,
  avg(amount * ${index + 1}) as weighted, min(at) as first_at, max(at) as last_at
from {{ source('raw', 'events') }}
where kind <> ${index}
group by 1
`,
    ]),
  )
}

const newer = `{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}`
const incremental = `{{ config(materialized='incremental') }}\n`
const chain: Record<string, string> = {
  'models/copied.sql': `${incremental}select id, user_id, kind, amount, at from {{ source('raw', 'events') }}${newer}\n`,
  'models/priced.sql': `${incremental}select id, user_id, kind, amount * 1.19 as gross from {{ ref('copied') }}${newer}\n`,
  'models/ranked.sql': `${incremental}select id, user_id, gross, gross > 50 as is_large from {{ ref('priced') }}${newer}\n`,
}
