import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import { MillraceError } from '../../../../core/errors.ts'
import { listRuns, rollBackRun } from '../../../../transform/index.ts'
import { forgetEverything } from '../../../support/maintain.ts'
import {
  makeFolder,
  openFolderLake,
  queryLake,
  type RunOverrides,
  runFolder,
  writeProject,
} from '../../../support/project.ts'

const project = {
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  'models/copied.sql': `
{{ config(materialized='incremental') }}
select id, key, amount from {{ new_rows(source('raw', 'events')) }}`,
  'models/shifted.sql': `
{{ config(materialized='incremental') }}
select id, key, amount + 1 as amount from {{ new_rows(ref('copied')) }}`,
  'models/totals.sql': `
{{ config(materialized='incremental', unique_key='key') }}
with batch as (
    select key, sum(amount)::bigint as amount from {{ new_rows(ref('shifted')) }} group by key
)
select key, amount from batch
{% if is_incremental() %}
union all by name
select batch.key, old.amount from batch join {{ this }} as old using (key)
{% endif %}`,
  'models/latest.sql': `
{{ config(materialized='incremental', incremental_strategy='merge', unique_key='key') }}
select key, max(id) as id, arg_max(amount, id) as amount from (
    select key, id, amount from {{ new_rows(ref('shifted')) }}
    {% if is_incremental() %}
    union all by name
    select key, id, amount from {{ this }}
    {% endif %}
) group by key`,
  // A key is counted anew as soon as there is a row of it, however old its other rows.
  'models/counts.sql': `
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='key') }}
select key, count(*) as events from {{ ref('copied') }}
where key in (select key from {{ new_rows(ref('copied')) }}) group by key`,
  'models/guard.sql': "select {{ var('divisor') }} as divisor",
  'models/guard.yml':
    'models: [{name: guard, columns: [{name: divisor, data_tests: [{accepted_values: {values: [1], quote: false}}]}]}]',
}
// `union all` gives two rows a key; they are added up on top.
const totals = project['models/totals.sql'].replace(
  'select key, amount from batch\n',
  'select key, sum(amount)::bigint as amount from (\nselect key, amount from batch\n',
)
const files = { ...project, 'models/totals.sql': `${totals}\n) group by key` }

type Step =
  | { readonly kind: 'land'; readonly rows: number; readonly key: number }
  | { readonly kind: 'part'; readonly select: string }
  | { readonly kind: Simple }

type Simple =
  | 'build'
  | 'per-node'
  | 'fail'
  | 'fail-per-node'
  | 'restart'
  | 'full'
  | 'race'
  | 'two-runners'
  | 'delete'
  | 'replace'
  | 'roll-back'
  | 'maintain'

const simple = (weight: number, ...kinds: readonly Simple[]) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constantFrom(...kinds) }),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('land' as const),
      rows: fc.integer({ min: 1, max: 40 }),
      key: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('part' as const),
      select: fc.constantFrom('copied', 'totals', 'shifted+', 'latest counts'),
    }),
  },
  simple(6, 'build', 'per-node'),
  simple(3, 'fail', 'fail-per-node', 'restart'),
  simple(3, 'roll-back', 'maintain'),
  simple(2, 'race', 'two-runners'),
  simple(2, 'full', 'delete', 'replace'),
)

/** A history played on a lake of its own; at the end increments are compared with the events themselves. */
async function play(steps: readonly Step[]): Promise<void> {
  await using folder = await makeFolder()
  await writeProject(folder.path, files)
  let lake = await openFolderLake(folder.path)
  try {
    await queryLake(lake, 'create schema lake.raw')
    await queryLake(lake, 'create table lake.raw.events (id bigint, key bigint, amount bigint)')
    let nextId = 0
    for (const action of steps) {
      if (action.kind === 'restart') {
        lake.close()
        lake = await openFolderLake(folder.path)
      } else if (action.kind === 'land') {
        const from = nextId
        nextId += action.rows
        await queryLake(
          lake,
          `insert into lake.raw.events select range, (range + ${action.key}) % 5, range * 3 from range(${from}, ${nextId})`,
        )
      } else if (action.kind === 'part') {
        await buildPart(action.select, folder.path, lake)
      } else await act(action.kind, folder.path, lake)
    }
    await build(folder.path, lake)
    await expectSame(lake)
  } finally {
    lake.close()
  }
}

const build = (folder: string, lake: Lake, overrides: RunOverrides = {}) =>
  runFolder(folder, lake, { vars: { divisor: 1 }, threads: 3, ...overrides })

const perNode = { publish: 'per-node' } as const
const failing = { vars: { divisor: 0 } }

/** What it reads has to be there, so it is built after something has been. */
async function buildPart(select: string, folder: string, lake: Lake): Promise<void> {
  await build(folder, lake)
  const part = await build(folder, lake, { select: select.split(' ') })
  expect(part.outcome).toBe('committed')
}

async function act(kind: Exclude<Simple, 'restart'>, folder: string, lake: Lake): Promise<void> {
  switch (kind) {
    case 'build':
    case 'full':
      expect((await build(folder, lake, { fullRefresh: kind === 'full' })).outcome).toBe(
        'committed',
      )
      return
    case 'per-node':
      expect((await build(folder, lake, perNode)).outcome).toBe('committed')
      return
    case 'fail':
      expect((await build(folder, lake, failing)).outcome).toBe('rolled-back')
      return
    case 'fail-per-node':
      expect((await build(folder, lake, { ...perNode, ...failing })).outcome).toBe('failed')
      return
    case 'race':
      await Promise.all([build(folder, lake), build(folder, lake)])
      return
    case 'two-runners': {
      await using other = await openFolderLake(folder)
      const runs = await Promise.all([build(folder, lake), build(folder, other)])
      expect(runs.map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
      return
    }
    case 'delete':
      await queryLake(lake, 'delete from lake.raw.events where id % 7 = 3')
      return
    case 'replace':
      await queryLake(
        lake,
        'create or replace table lake.raw.events as select id, key, amount from lake.raw.events where id % 2 = 0',
      )
      return
    case 'roll-back':
      await rollBack(lake)
      return
    case 'maintain':
      await forgetEverything(lake)
      return
    default:
      return kind satisfies never
  }
}

/** One of the last three runs that were published, unless upkeep has forgotten what was before it. */
async function rollBack(lake: Lake): Promise<void> {
  try {
    const runs = await lake.read((connection) => listRuns(connection, 'lake', 10))
    const published = runs.filter(({ outcome }) => outcome === 'committed').slice(0, 3)
    const run = published.at(runs.length % Math.max(1, published.length))
    if (run === undefined) return
    const by = { runId: randomUUID(), startedAt: new Date().toISOString() }
    await rollBackRun(lake, 'lake', run.runId, by)
  } catch (error) {
    const refusals = ['runs/no-history', 'runs/forgotten']
    if (!(error instanceof MillraceError) || !refusals.includes(error.code)) throw error
  }
}

async function expectSame(lake: Lake): Promise<void> {
  const same = async (model: string, query: string) => {
    const found = await queryLake(lake, `select * from lake.main.${model} order by all`)
    expect(found, model).toEqual(await queryLake(lake, `${query} order by all`))
  }
  await same('copied', 'select id, key, amount from lake.raw.events')
  await same('shifted', 'select id, key, amount + 1 as amount from lake.raw.events')
  await same(
    'totals',
    'select key, sum(amount + 1)::bigint as amount from lake.raw.events group by key',
  )
  await same(
    'latest',
    'select key, max(id) as id, arg_max(amount + 1, id) as amount from lake.raw.events group by key',
  )
  await same('counts', 'select key, count(*) as events from lake.raw.events group by key')
}

/** How many histories are played; a nightly run asks for more. */
const numRuns = Number(process.env['HISTORIES'] ?? 6)

describe('increments', () => {
  it('give what a full refresh gives, whatever happened in between', async () => {
    const histories = fc.array(step, { minLength: 4, maxLength: 12 })
    await fc.assert(fc.asyncProperty(histories, play), {
      numRuns,
      ...(numRuns <= 10 && { interruptAfterTimeLimit: 60_000 }),
    })
  })
})
