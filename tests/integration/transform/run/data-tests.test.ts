import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import {
  makeFolder,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  lake = await openFolderLake(folder.path)
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

const schema = (tests: string) => `
models:
  - name: orders
    columns:
      - name: id
        data_tests:
${tests.trim().replaceAll(/^/gm, '          ')}
`

/** Rows 1, 2, 2 and null, as text and as a number. */
const model = `{{ config(materialized='table') }}
select * from (values (1, 1.5, ['a']), (2, 2.5, null), (2, null, []), (null, 3.5, ['b'])) t(id, price, tags)`

async function run(tests: string) {
  await writeProject(folder.path, {
    'models/orders.sql': model,
    'models/schema.yml': schema(tests),
  })
  const { results, outcome } = await runFolder(folder.path, lake)
  const verdicts = results.filter(({ kind }) => kind === 'test')
  return {
    outcome,
    tests: Object.fromEntries(
      verdicts.map(({ name, status, failures, message }) => [name, [status, failures, message]]),
    ),
  }
}

describe('a data test', () => {
  it("has dbt's verdict, count and message", async () => {
    const { tests } = await run(`
- not_null: {name: plain}
- not_null: {name: warned, config: {severity: warn}}
- not_null: {name: few, config: {error_if: '>1', warn_if: '>0'}}
- not_null: {name: none_wanted, config: {error_if: '= 0', where: 'id is not null'}}
- unique: {name: summed, config: {fail_calc: 'sum(n_records)'}}
- unique: {name: lenient, config: {severity: warn, error_if: '>0', warn_if: '>5'}}
- accepted_values: {name: capped, values: [7], quote: false, config: {limit: 1}}
- accepted_values: {name: good, values: [1, 2], quote: false}`)
    expect(tests).toEqual({
      plain: ['fail', 1, 'Got 1 result, configured to fail if != 0'],
      warned: ['warn', 1, 'Got 1 result, configured to warn if != 0'],
      few: ['warn', 1, 'Got 1 result, configured to warn if >0'],
      none_wanted: ['fail', 0, 'Got 0 results, configured to fail if = 0'],
      summed: ['fail', 2, 'Got 2 results, configured to fail if != 0'],
      lenient: ['pass', 0, undefined],
      capped: ['fail', 1, 'Got 1 result, configured to fail if != 0'],
      good: ['pass', 0, undefined],
    })
  })

  it('says what is wrong with its settings', async () => {
    const { tests } = await run(`
- unique: {name: fraction, config: {fail_calc: 'avg(n_records) + 0.5'}}
- unique: {name: nothing, config: {fail_calc: 'sum(n_records)', where: 'id = 1'}}
- not_null: {name: oddly_kept, config: {store_failures_as: blub}}`)
    expect(tests).toEqual({
      fraction: ['error', undefined, expect.stringContaining('fail_calc gives 2.5')],
      nothing: ['error', undefined, expect.stringContaining('fail_calc gives NULL')],
      oddly_kept: ['error', undefined, expect.stringContaining('store_failures_as is blub')],
    })
  })

  it('keeps its failing rows in a table or a view of their own, though the build is rolled back', async () => {
    await writeProject(folder.path, {
      'models/orders.sql': model,
      'models/schema.yml': schema('- not_null: {name: plain, config: {severity: warn}}'),
    })
    expect((await runFolder(folder.path, lake)).outcome).toBe('committed')
    const { outcome } = await run(`
- not_null: {name: as_table, config: {store_failures: true}}
- not_null: {name: as_view, config: {store_failures_as: view, schema: seen, alias: seen_rows}}
- not_null: {name: as_nothing, config: {store_failures_as: ephemeral, store_failures: true}}`)
    expect(outcome).toBe('rolled-back')
    const rows = [{ id: null, price: '3.5', tags: '[b]' }]
    const columns = 'id, price::varchar as price, tags::varchar as tags'
    const kept = (relation: string) => queryLake(lake, `select ${columns} from lake.${relation}`)
    expect(await kept('main_dbt_test__audit.as_table')).toEqual(rows)
    expect(await queryLake(lake, 'select id from lake.main_seen.seen_rows')).toEqual([{ id: null }])
    const tables = await queryLake(
      lake,
      "select table_name from information_schema.tables where table_schema like 'main_%' order by all",
    )
    expect(tables).toEqual([{ table_name: 'as_table' }, { table_name: 'seen_rows' }])
  })
})

describe('a unit test', () => {
  const files = {
    'models/orders.sql': 'select 1 as id, 1.50::decimal(10, 2) as price',
    'models/totals.sql':
      "select id, {{ twice('price') }} as total, {{ var('rate', 1) }} as rate from {{ ref('orders') }}",
    'macros/twice.sql': '{% macro twice(x) %}{{ x }} * 2{% endmacro %}',
  }
  const withTests = (tests: string) => ({
    ...files,
    'models/schema.yml': `unit_tests:\n${tests.trim().replaceAll(/^/gm, '  ')}\n`,
  })

  it('runs the model over its rows before the model is built', async () => {
    await writeProject(
      folder.path,
      withTests(`
- name: doubles
  model: totals
  given: [{input: ref('orders'), rows: [{id: 1, price: 2}, {id: 2}]}]
  expect: {rows: [{id: 2, total: null}, {id: 1, total: 4}]}
- name: replaced
  model: totals
  given: [{input: ref('orders'), format: csv, rows: "id,price\\n1,2"}]
  overrides: {macros: {twice: 7}, vars: {rate: 3}}
  expect: {format: sql, rows: "select 1 as id, 7 as total, 3 as rate"}
- name: nothing
  model: totals
  given: [{input: ref('orders'), rows: []}]
  expect: {rows: []}`),
    )
    const result = await runFolder(folder.path, lake)
    expect(statuses(result)).toEqual({
      orders: 'success',
      doubles: 'pass',
      replaced: 'pass',
      nothing: 'pass',
      totals: 'success',
    })
  })

  it('shows the difference and keeps its model from being built', async () => {
    await writeProject(
      folder.path,
      withTests(`
- name: wrong
  model: totals
  given: [{input: ref('orders'), rows: [{id: 1, price: 2}]}]
  expect: {rows: [{id: 1, total: 5}]}`),
    )
    const { results, outcome } = await runFolder(folder.path, lake)
    expect(outcome).toBe('rolled-back')
    expect(results.find(({ name }) => name === 'totals')?.status).toBe('skipped')
    expect(results.find(({ name }) => name === 'wrong')).toMatchObject({
      status: 'fail',
      failures: 1,
      message: '\n\nactual differs from expected:\n\n@@,id,total\r\n→ ,1 ,5.00→4.00\r\n\n',
    })
  })

  it('needs no relation of what the model reads', async () => {
    await writeProject(
      folder.path,
      withTests(`
- name: alone
  model: totals
  given: [{input: ref('orders'), rows: [{id: 1, price: 2}]}]
  expect: {rows: [{id: 1, total: 4}]}
- name: mistaken
  model: totals
  given: [{input: ref('orders'), rows: [{nope: 1}]}]
  expect: {rows: [{id: 1, total: 4}]}`),
    )
    const select = ['test_type:unit']
    const { results } = await runFolder(folder.path, lake, { command: 'test', select })
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['alone', 'pass'],
      ['mistaken', 'error'],
    ])
    expect(results.some(({ isRolledBack }) => isRolledBack)).toBe(false)
    expect(results[1]?.message).toContain("Accepted columns for 'orders' are: ['id', 'price']")
  })
})
