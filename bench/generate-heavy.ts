/** Projects with much data: wide aggregates over one large table, and chains of increments on a file and on a lake. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * `wide`: 10 models over one table; `totals`: the same with a running total, which keeps the cores busy for a part of its
 * time only; `increments`: 3 incremental models, one on the other, that look for the largest
 * key; the others are on a lake: `exact` reads new_rows(), and two models take them in by key.
 */
export type HeavyKind = 'wide' | 'totals' | 'increments' | 'exact' | 'delete+insert' | 'merge'

/** What the source table holds, as SQL over `range(…) t(i)`. */
const columns = `i as id, (i * 7919) % 1000003 as user_id, (i % 97)::integer as kind,
  (i % 10007) / 100.0 as amount, timestamp '2024-01-01' + to_seconds(i % 31536000) as event_at`

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
  const isOnFile = kind === 'wide' || kind === 'totals' || kind === 'increments'
  const files = { ...(isOnFile ? onFile : onLake), ...modelsOf(kind) }
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

function modelsOf(kind: HeavyKind): Record<string, string> {
  switch (kind) {
    case 'wide':
      return wideModels()
    case 'totals':
      return totalModels()
    case 'increments':
      return chain
    case 'exact':
      return exactChain
    default:
      return keyedModels(kind)
  }
}

const settings = (profile: string) => `name: heavy
version: '1.0'
config-version: 2
${profile}models: {heavy: {+materialized: table}}
`
const sources = {
  'models/sources.yml': 'sources: [{name: raw, schema: main, tables: [{name: events}]}]\n',
}
const onLake: Record<string, string> = {
  ...sources,
  'dbt_project.yml': settings(''),
  'millrace.yml': `name: heavy
targets:
  local:
    services: external
    lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: lake}
`,
}
const onFile: Record<string, string> = {
  ...sources,
  'dbt_project.yml': settings('profile: synth\n'),
  'profiles.yml': `synth:
  target: dev
  outputs:
    dev: {type: duckdb, path: synth.duckdb, threads: 4}
`,
}

function wideModels(): Record<string, string> {
  const groups = [
    'kind',
    'user_id % 1000',
    "date_trunc('day', event_at)",
    "date_trunc('month', event_at)",
    'id % 500',
  ]
  return Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `models/wide_${index}.sql`,
      `select ${groups[index % 5]} as part, count(*) as events, sum(amount) as amount,
  avg(amount * ${index + 1}) as weighted, min(event_at) as first_at, max(event_at) as last_at
from {{ source('raw', 'events') }}
where kind <> ${index}
group by 1
`,
    ]),
  )
}

function totalModels(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `models/total_${index}.sql`,
      `select id, user_id, amount, sum(amount) over (order by event_at, id) as total
from {{ source('raw', 'events') }}
where kind % 10 = ${index}
`,
    ]),
  )
}

const newer = `{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}`
const incremental = `{{ config(materialized='incremental') }}\n`
const chain: Record<string, string> = {
  'models/copied.sql': `${incremental}select id, user_id, kind, amount, event_at from {{ source('raw', 'events') }}${newer}\n`,
  'models/priced.sql': `${incremental}select id, user_id, kind, amount * 1.19 as gross from {{ ref('copied') }}${newer}\n`,
  'models/ranked.sql': `${incremental}select id, user_id, gross, gross > 50 as is_large from {{ ref('priced') }}${newer}\n`,
}

const exactChain: Record<string, string> = {
  'models/copied.sql': `${incremental}select id, user_id, kind, amount, event_at from {{ new_rows(source('raw', 'events')) }}\n`,
  'models/priced.sql': `${incremental}select id, user_id, kind, amount * 1.19 as gross from {{ new_rows(ref('copied')) }}\n`,
  'models/ranked.sql': `${incremental}select id, user_id, gross, gross > 50 as is_large from {{ new_rows(ref('priced')) }}\n`,
}

/** A row by its key, and one a user, whose rows change with the users that come back. */
function keyedModels(strategy: string): Record<string, string> {
  const keyed = (key: string) =>
    `{{ config(materialized='incremental', incremental_strategy='${strategy}', unique_key='${key}') }}\n`
  return {
    'models/by_id.sql': `${keyed('id')}select id, user_id, amount, event_at from {{ new_rows(source('raw', 'events')) }}\n`,
    'models/latest.sql': `${keyed('user_id')}select user_id, max(event_at) as last_at from {{ new_rows(source('raw', 'events')) }} group by 1\n`,
  }
}
