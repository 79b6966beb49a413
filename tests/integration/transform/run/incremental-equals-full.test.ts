import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import {
  makeFolder,
  openFolderLake,
  queryLake,
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
  | { readonly kind: 'build' | 'fail' | 'restart' | 'full' | 'race' | 'delete' | 'replace' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('land' as const),
      rows: fc.integer({ min: 1, max: 40 }),
      key: fc.integer({ min: 0, max: 4 }),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: 'build' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'fail' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restart' } as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { kind: 'full' } as const,
      { kind: 'race' } as const,
      { kind: 'delete' } as const,
      { kind: 'replace' } as const,
    ),
  },
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
      } else await act(action.kind, folder.path, lake)
    }
    await build(folder.path, lake)
    await expectSame(lake)
  } finally {
    lake.close()
  }
}

const build = (folder: string, lake: Lake, fullRefresh = false, divisor = 1) =>
  runFolder(folder, lake, { vars: { divisor }, fullRefresh })

async function act(kind: Exclude<Step['kind'], 'land' | 'restart'>, folder: string, lake: Lake) {
  switch (kind) {
    case 'build':
    case 'full':
      expect((await build(folder, lake, kind === 'full')).outcome).toBe('committed')
      return
    case 'fail':
      expect((await build(folder, lake, false, 0)).outcome).toBe('rolled-back')
      return
    case 'race':
      await Promise.all([build(folder, lake), build(folder, lake)])
      return
    case 'delete':
      await queryLake(lake, 'delete from lake.raw.events where id % 7 = 3')
      return
    case 'replace':
      await queryLake(
        lake,
        'create or replace table lake.raw.events as select id, key, amount from lake.raw.events where id % 2 = 0',
      )
      return
    default:
      return kind satisfies never
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
}

describe('increments', () => {
  it('give what a full refresh gives, whatever happened in between', async () => {
    const histories = fc.array(step, { minLength: 3, maxLength: 9 })
    await fc.assert(fc.asyncProperty(histories, play), {
      numRuns: 5,
      interruptAfterTimeLimit: 60_000,
    })
  })
})
