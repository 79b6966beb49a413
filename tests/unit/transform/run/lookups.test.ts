import { expect, it } from 'vitest'
import { Lookups } from '../../../../transform/run/lookups.ts'

/** A database that counts what it is asked. */
function counting() {
  const asked: string[] = []
  const query = async (sql: string) => {
    asked.push(sql)
    return { columns: [], rows: [] }
  }
  return { asked, database: { query } }
}

const columns = `select column_name, cast(null as bigint) as size from (describe "db"."main"."orders")`
const relations = `select table_name from system.information_schema.tables where lower(table_schema) = 'main'`

it('asks the catalog the same question once, until the relation is written', async () => {
  const { asked, database } = counting()
  const lookups = new Lookups()
  const seen = lookups.over(database, 'child')
  for (const sql of [columns, columns, relations, relations]) await seen.query(sql)
  expect(asked).toEqual([columns, relations])
  lookups.drop({ name: 'other' })
  await seen.query(columns)
  await seen.query(relations)
  expect(asked).toEqual([columns, relations, relations])
  lookups.drop({ name: 'Orders' })
  await seen.query(columns)
  expect(asked.at(-1)).toBe(columns)
})

it.each([
  ['reads data', 'select count(*) from orders'],
  ['joins data to the catalog', 'select * from information_schema.columns join orders on true'],
  ['describes a query', 'describe (select 1)'],
])('asks each time what %s', async (_, sql) => {
  const { asked, database } = counting()
  const seen = new Lookups().over(database, undefined)
  await seen.query(sql)
  await seen.query(sql)
  expect(asked).toHaveLength(2)
})

it('asks each time about the relation of the node that asks, and all once it has written', async () => {
  const { asked, database } = counting()
  const lookups = new Lookups()
  const own = lookups.over(database, 'orders')
  await own.query(columns)
  await own.query(columns)
  expect(asked).toHaveLength(2)
  await own.query('create table helper as select 1')
  await own.query(relations)
  await own.query(relations)
  expect(asked).toHaveLength(5)
})
