import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import type { ModelNode } from '../../../../transform/index.ts'
import { strategyOf, takeBatch } from '../../../../transform/materialize/incremental.ts'
import { makeModel } from '../plan/random-graph.ts'

type Given = Readonly<Record<string, unknown>>

function model(config: Given): ModelNode {
  return makeModel('orders', { materialized: 'incremental', config })
}

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'odd "name"', type: 'VARCHAR' },
]
const rows = 'temp.main."orders__new_rows"'
const sqlOf = (config: Given, more: { window?: { start: string; end: string } } = {}) =>
  takeBatch(model(config), { rows, columns, isDucklake: false, ...more }).map(({ sql }) => sql)

const insert = `insert into "lake"."main"."orders" ("id", "odd ""name""")
select "id", "odd ""name""" from temp.main."orders__new_rows"`

describe('new rows', () => {
  it('are appended without a key, whatever the strategy is', () => {
    expect(sqlOf({})).toEqual([insert])
    expect(sqlOf({ incremental_strategy: 'delete+insert' })).toEqual([insert])
  })

  it('replace rows with the same key by default when there is one', () => {
    expect(sqlOf({ unique_key: 'id', incremental_predicates: ['day > 3'] })).toEqual([
      `delete from "lake"."main"."orders"
where (id) in (select (id) from temp.main."orders__new_rows")
  and day > 3`,
      insert,
    ])
  })

  it("replace rows with the same columns under dbt's name for the table", () => {
    const [remove] = sqlOf({
      unique_key: ['id', 'day'],
      predicates: ['DBT_INCREMENTAL_TARGET.day > 3'],
    })
    expect(remove).toBe(`delete from "lake"."main"."orders" as DBT_INCREMENTAL_TARGET
using temp.main."orders__new_rows" as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE.id = DBT_INCREMENTAL_TARGET.id
  and DBT_INTERNAL_SOURCE.day = DBT_INCREMENTAL_TARGET.day
  and DBT_INCREMENTAL_TARGET.day > 3`)
  })

  it('replace the partitions that occur in them', () => {
    const config = { incremental_strategy: 'insert_overwrite', partition_by: ['day', 'region'] }
    expect(sqlOf(config)).toEqual([
      `delete from "lake"."main"."orders"
where struct_pack(v0 := day, v1 := region) in (select struct_pack(v0 := day, v1 := region) from temp.main."orders__new_rows")`,
      insert,
    ])
  })

  it('replace what a stretch of time holds, and nothing outside of it', () => {
    const config = { incremental_strategy: 'microbatch', event_time: 'at' }
    const window = { start: '2024-01-01 00:00:00+00:00', end: '2024-01-02 00:00:00+00:00' }
    const within = `at >= '2024-01-01 00:00:00+00:00' and at < '2024-01-02 00:00:00+00:00'`
    expect(sqlOf(config, { window })).toEqual([
      `delete from "lake"."main"."orders"\nwhere ${within}`,
      `${insert}\nwhere ${within}`,
    ])
  })

  it.each([
    [{ incremental_strategy: 'upsert' }, 'incremental_strategy is upsert'],
    [{ incremental_strategy: 'insert_overwrite' }, 'partition_by is needed'],
    [{ unique_key: [1] }, 'unique_key must be a text or a list of texts'],
  ])('need a strategy that can be: %j', (config, message) => {
    const take = () => [strategyOf(model(config)), sqlOf(config)]
    expect(take).toThrowError(message)
    expect(take).toThrowError(
      expect.toSatisfy((error: unknown) => isProblem(error, 'model/invalid-config')),
    )
  })
})
