import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import type { ModelNode } from '../../../../transform/index.ts'
import { strategyOf, takeBatch } from '../../../../transform/materialize/incremental.ts'
import { adaptSchema } from '../../../../transform/materialize/schema-change.ts'
import { makeModel } from '../plan/random-graph.ts'

function model(config: Readonly<Record<string, unknown>>): ModelNode {
  return makeModel('orders', { materialized: 'incremental', config })
}

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'odd "name"', type: 'VARCHAR' },
]
const sqlOf = (config: Readonly<Record<string, unknown>>) =>
  takeBatch(model(config), columns).map(({ sql }) => sql)

describe('new rows', () => {
  it('are appended without a key', () => {
    expect(sqlOf({})).toEqual([
      `insert into "lake"."main"."orders" ("id", "odd ""name""")
select "id", "odd ""name""" from temp.main."orders__new_rows"`,
      'drop table if exists temp.main."orders__new_rows"',
    ])
  })

  it('replace rows with the same key by default when there is one', () => {
    const [remove] = sqlOf({
      unique_key: ['id', 'day'],
      incremental_predicates: ['old_rows.day > 3'],
    })
    expect(remove).toBe(`delete from "lake"."main"."orders" as old_rows
where exists (select 1 from temp.main."orders__new_rows" as new_rows where old_rows."id" = new_rows."id" and old_rows."day" = new_rows."day" and old_rows.day > 3)`)
  })

  it('are merged when that is asked for', () => {
    const [merge] = sqlOf({ unique_key: 'id', incremental_strategy: 'merge' })
    expect(merge).toBe(`merge into "lake"."main"."orders" as old_rows
using temp.main."orders__new_rows" as new_rows on old_rows."id" = new_rows."id"
when matched then update set "id" = new_rows."id", "odd ""name""" = new_rows."odd ""name"""
when not matched then insert ("id", "odd ""name""") values (new_rows."id", new_rows."odd ""name""")`)
  })

  it.each([{ incremental_strategy: 'upsert' }, { incremental_strategy: 'merge' }])(
    'need a strategy that can be: %j',
    (config) => {
      expect(() => strategyOf(model(config))).toThrowError(
        expect.toSatisfy((error: unknown) => isProblem(error, 'model/invalid-config')),
      )
    },
  )
})

describe('a changed schema', () => {
  const table = [
    { name: 'id', type: 'BIGINT' },
    { name: 'gone', type: 'VARCHAR' },
  ]
  const batch = [
    { name: 'ID', type: 'BIGINT' },
    { name: 'fresh', type: 'DATE' },
  ]
  const change = (mode: string) => adaptSchema(model({ on_schema_change: mode }), table, batch)

  it.each(['ignore', 'fail'])('is refused when a column is gone and the mode is %s', (mode) => {
    expect(() => change(mode)).toThrowError(
      expect.toSatisfy((error: unknown) => isProblem(error, 'model/schema-changed')),
    )
  })

  it('adds columns, and drops them only when told to sync', () => {
    expect(change('append_new_columns').statements.map(({ sql }) => sql)).toEqual([
      'alter table "lake"."main"."orders" add column "fresh" DATE',
    ])
    const synced = change('sync_all_columns')
    expect(synced.statements.map(({ sql }) => sql)).toEqual([
      'alter table "lake"."main"."orders" add column "fresh" DATE',
      'alter table "lake"."main"."orders" drop column "gone"',
    ])
    expect(synced.columns.map(({ name }) => name)).toEqual(['id', 'fresh'])
  })
})
