import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { adaptSchema } from '../../../../transform/materialize/schema-change.ts'
import { makeModel } from '../plan/random-graph.ts'

const table = [
  { name: 'id', type: 'INTEGER' },
  { name: 'gone', type: 'VARCHAR' },
  { name: 'size', type: 'VARCHAR' },
]
const batch = [
  { name: 'ID', type: 'BIGINT' },
  { name: 'fresh', type: 'DATE' },
  { name: 'size', type: 'INTEGER' },
]

function change(config: Readonly<Record<string, unknown>>, isDucklake = false) {
  const model = makeModel('orders', { materialized: 'incremental', config })
  return adaptSchema(model, table, batch, isDucklake)
}
const changesOf = (mode: string, isDucklake = false) =>
  change({ on_schema_change: mode }, isDucklake).statements.map(({ sql }) =>
    sql.replace('"lake"."main"."orders"', 'orders'),
  )

describe('a changed schema', () => {
  it.each([
    ['ignore', 'the query no longer gives gone'],
    ['fail', 'gone; fresh is new; id is BIGINT and was INTEGER; size is INTEGER and was VARCHAR'],
    ['a word that is none of them', 'the query no longer gives gone'],
  ])('is refused when a column is gone and the mode is %s', (mode, message) => {
    const run = () => change({ on_schema_change: mode })
    expect(run).toThrowError(message)
    expect(run).toThrowError(
      expect.toSatisfy((error: unknown) => isProblem(error, 'model/schema-changed')),
    )
  })

  it('is nothing to a merge that ignores it, because a merge goes by name', () => {
    const config = { incremental_strategy: 'merge', unique_key: 'id' }
    expect(change(config)).toEqual({ statements: [], columns: table })
  })

  it('adds columns, and writes only what the query gives', () => {
    expect(changesOf('append_new_columns')).toEqual(['alter table orders add column "fresh" DATE'])
    expect(change({ on_schema_change: 'append_new_columns' }).columns).toEqual(batch)
  })

  it('drops columns and changes types when told to sync', () => {
    expect(changesOf('sync_all_columns')).toEqual([
      'alter table orders add column "fresh" DATE',
      'alter table orders drop column "gone"',
      'alter table orders alter column "id" set data type BIGINT',
      'alter table orders alter column "size" set data type INTEGER',
    ])
  })

  it('makes a column anew where a lake cannot widen it', () => {
    expect(changesOf('sync_all_columns', true).slice(2)).toEqual([
      'alter table orders alter column "id" set data type BIGINT',
      'alter table orders add column "size__dbt_alter" INTEGER',
      'update orders set "size__dbt_alter" = cast("size" as INTEGER)',
      'alter table orders drop column "size"',
      'alter table orders rename column "size__dbt_alter" to "size"',
    ])
  })
})
