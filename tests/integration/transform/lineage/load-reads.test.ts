import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb } from '../../../../core/clients/duckdb.ts'
import { templateDatabase } from '../../../../transform/adapters/template-database.ts'
import { loadReads } from '../../../../transform/lineage/load-reads.ts'
import { printTableName } from '../../../../transform/lineage/table-name.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'

let duckdb: Duckdb

beforeAll(async () => {
  duckdb = await openDuckdb({ extensionDirectory })
})
afterAll(() => duckdb.close())

async function tablesOf(...queries: readonly string[]): Promise<string[][]> {
  const database = templateDatabase((work) => duckdb.withConnection(work))
  const byId = new Map(queries.map((sql, at) => [`q${at}`, sql]))
  const reads = await loadReads(database, byId)
  return queries.map((_, at) => (reads.get(`q${at}`) ?? []).map(printTableName))
}

describe('the tables of a query', () => {
  it.each([
    ['in a plain select', 'select * from orders', ['orders']],
    [
      'with schema and catalog',
      'select * from lake.raw.orders, raw.items',
      ['lake.raw.orders', 'raw.items'],
    ],
    ['with quoted names', 'select * from "My Lake"."raw"."order ""x"""', ['My Lake.raw.order "x"']],
    ['named twice in two cases', 'select * from Orders join ORDERS o using (id)', ['Orders']],
    ['behind an alias of another table', 'select * from a as b, b as a', ['a', 'b']],
    [
      'in every kind of join',
      'from a left join b on true cross join c semi join d on true positional join e asof join f on a.t > f.t',
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ],
    [
      'in subqueries of a select list',
      'select (select max(id) from a), exists (from b), 1 in (from c)',
      ['a', 'b', 'c'],
    ],
    [
      'in where, group, having, qualify and order',
      'select id from a where id > (select 1 from b) group by (select 2 from c) having max(id) > (select 3 from d) qualify row_number() over (order by (select 1 from e)) = 1 order by (select 4 from f) limit (select 5 from g)',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    ],
    ['in nested subqueries', 'select * from (select * from (select * from deep) x) y', ['deep']],
    [
      'in a lateral join',
      'select * from a, lateral (select * from b where b.id = a.id)',
      ['a', 'b'],
    ],
    [
      'in set operations',
      'select 1 from a union all by name select 2 from b except (select 3 from c intersect select 4 from d)',
      ['a', 'b', 'c', 'd'],
    ],
    [
      'of a pivot with named values',
      'select * from sales pivot (sum(amount) for year in (2023, 2024))',
      ['sales'],
    ],
    ['of an unpivot', 'unpivot wide on a, b into name n value v', ['wide']],
    [
      'in case, list and struct expressions',
      "select case when true then (select 1 from a) end, [(select 2 from b)], {'x': (select 3 from c)}",
      ['a', 'b', 'c'],
    ],
    [
      'in a list comprehension',
      'select [x + (select 1 from a) for x in (select list(id) from b)]',
      ['b', 'a'],
    ],
    ['with a sample', 'select * from big tablesample 10%', ['big']],
    ['at a version', 'select * from t at (version => 3)', ['t']],
    ['that is described', 'describe t', ['t']],
    ['in several statements', 'select 1 from a; select 2 from b', ['a', 'b']],
    ['of the from-first form', 'from orders', ['orders']],
    ['in arguments of a function', 'select * from unnest((select list(id) from a))', ['a']],
    ['with a comment between', 'select * -- from nope\nfrom /* from never */ a', ['a']],
  ])('are found %s', async (_, sql, tables) => {
    const [found] = await tablesOf(sql)
    expect(found?.sort()).toEqual([...tables].sort())
  })

  it.each([
    ['a CTE', 'with a as (select * from x) select * from a', ['x']],
    ['a CTE of a CTE', 'with a as (from x), b as (from a) select * from b, a', ['x']],
    ['a CTE in another case', 'with Paid as (from x) select * from PAID', ['x']],
    [
      'a recursive CTE',
      'with recursive r as (select 1 as i union all select i + 1 from r join x on true) from r',
      ['x'],
    ],
    [
      'a CTE of an outer query inside a subquery',
      'with a as (from x) select (select max(id) from a)',
      ['x'],
    ],
    ['a materialized CTE', 'with a as materialized (from x) from a', ['x']],
    [
      'a file',
      "select * from 'data/*.parquet', read_parquet('x.parquet'), 's3://bucket/a.csv.gz'",
      [],
    ],
    ['a function', 'select * from range(10), duckdb_tables()', []],
    ['values', 'select * from (values (1)) v(i)', []],
    ['nothing', 'select 1', []],
  ])('are not %s', async (_, sql, tables) => {
    expect(await tablesOf(sql)).toEqual([tables])
  })

  it('are those outside of a CTE that has the name of a table', async () => {
    const [own, sibling, later] = await tablesOf(
      'with orders as (select * from orders) select * from orders',
      'select * from (with a as (from x) from a), a',
      'with a as (from b), b as (from x) from a, b',
    )
    expect(own).toEqual(['orders'])
    expect(sibling).toEqual(['x', 'a'])
    expect(later).toEqual(['b', 'x'])
  })

  it('are qualified tables, though a CTE has their name', async () => {
    expect(await tablesOf('with a as (from raw.a) from a, raw.a')).toEqual([['raw.a']])
  })

  it.each([
    ['an insert', 'insert into a select * from b'],
    ['a table that is made', 'create table a as select * from b'],
    ['a pivot whose values only the data knows', 'pivot cities on year using sum(population)'],
    ['no SQL', 'selec nope'],
    ['nothing at all', ''],
  ])('are none for %s', async (_, sql) => {
    expect(await tablesOf(sql)).toEqual([[]])
  })

  it('come for many queries at once, each under its id', async () => {
    const queries = Array.from({ length: 250 }, (_, at) => `select 'it''s' from t${at}`)
    expect(await tablesOf(...queries)).toEqual(queries.map((_, at) => [`t${at}`]))
  })
})
