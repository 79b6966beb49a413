import { beforeAll, describe, expect, it } from 'vitest'
import {
  allowedFunctions,
  allowedTableFunctions,
} from '../../../../../api/ad-hoc/check/allowed-functions.ts'
import { checkStatement } from '../../../../../api/ad-hoc/check/check-statement.ts'
import {
  type Duckdb,
  openDuckdb,
  queryRows,
  queryValue,
} from '../../../../../core/clients/duckdb.ts'
import { isProblem } from '../../../../../core/errors.ts'

let duckdb: Duckdb
beforeAll(async () => {
  duckdb = await openDuckdb({ extensionDirectory: '' })
  return () => duckdb.close()
})

const relations = new Map(
  [
    { schema: 'marts', name: 'users' },
    { schema: 'marts', name: 'Orders' },
    { schema: 'features', name: 'scores' },
  ].map((relation) => [`${relation.schema}.${relation.name}`.toLowerCase(), relation]),
)

/** What the statement reads, or the code of the problem. */
async function check(sql: string): Promise<string | string[]> {
  const whole = 'skip_default := false, skip_empty := false, skip_null := false'
  const tree = await duckdb.withConnection((connection) =>
    queryValue(connection, `select json_serialize_sql($sql::varchar, ${whole})`, { sql }),
  )
  try {
    const rules = { schemas: ['marts', 'features'], relations }
    const found = checkStatement(JSON.parse(String(tree)), rules)
    return found.map(({ schema, name }) => `${schema}.${name}`)
  } catch (error) {
    if (isProblem(error)) return error.code
    throw error
  }
}

describe('lets through', () => {
  it.each([
    ['select 1', []],
    ['select * from marts.users', ['marts.users']],
    ['from USERS', ['marts.users']],
    [
      'select * from "orders" o join features.scores s using (id)',
      ['marts.Orders', 'features.scores'],
    ],
    ['table scores', ['features.scores']],
    ['with a as (select * from users) select * from a, a as b', ['marts.users']],
    ['with users as (select * from users) select * from users', ['marts.users']],
    ['with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) from r', []],
    ['with a as (select 1), b as (from a) select * from (select * from b) x', []],
    ['select (select max(id) from marts.users) + $x', ['marts.users']],
    [
      'select * from users where exists (select 1 from scores s where s.id = users.id)',
      ['marts.users', 'features.scores'],
    ],
    [
      'select 1 from users union all (select 2 from scores limit 1) order by 1',
      ['marts.users', 'features.scores'],
    ],
    [
      'select *, row_number() over (partition by a order by b desc nulls last) from users qualify 1 = 1',
      ['marts.users'],
    ],
    ["select * exclude (a) replace (b as c), columns('x.*') from users", ['marts.users']],
    ['select * from (pivot users on kind in (1, 2) using count(*))', ['marts.users']],
    ['unpivot users on a, b into name n value v', ['marts.users']],
    [
      "select list_transform([1, 2], lambda x: x + 1), [x for x in [1]], {'a': 1}.a, map {1: 2}",
      [],
    ],
    [
      'select * from range(3) t(i), generate_series(1, 2), unnest([1]) u(v), lateral (select i)',
      [],
    ],
    [
      "select (a.b).upper(), date '2020-01-01' + interval 1 day, try_cast(x as decimal(9, 2)) from users a",
      ['marts.users'],
    ],
    [
      "select case when a like 'x%' then 1 end, a[1:2], a is distinct from b, not a in (1, 2) from users",
      ['marts.users'],
    ],
    [
      "select now() at time zone 'UTC', current_date, extract(year from a), cast(a as json) ->> '$.b' from users",
      ['marts.users'],
    ],
    [
      'select count(distinct a order by b) filter (where c), grouping(a) from users group by rollup (a) having count(*) > 1',
      ['marts.users'],
    ],
    [
      'select * from users asof join scores on users.a >= scores.a limit 10%',
      ['marts.users', 'features.scores'],
    ],
    ['select * from users tablesample 10%', ['marts.users']],
    ['values (1), (2)', []],
  ])('%s', async (sql, reads) => {
    expect(await check(sql)).toEqual(reads)
  })
})

describe('refuses', () => {
  it.each([
    ['', 'api/sql-not-one-select'],
    ['selec 1', 'api/sql-invalid'],
    ['select 1; select 2', 'api/sql-not-one-select'],
    ['insert into marts.users values (1)', 'api/sql-not-one-select'],
    ["copy (select 1) to '/tmp/x'", 'api/sql-not-one-select'],
    ["attach '/tmp/x.db' as x", 'api/sql-not-one-select'],
    ['explain analyze select 1', 'api/sql-not-one-select'],
    ['call lake.snapshots()', 'api/sql-not-one-select'],
    ['pragma database_list', 'api/sql-not-one-select'],
    ["set memory_limit = '100GB'", 'api/sql-not-one-select'],
    ['with x as (delete from users returning *) from x', 'api/sql-invalid'],
    ['select * from staging.users', 'api/sql-table-refused'],
    ['select * from lake.marts.users', 'api/sql-table-refused'],
    ['select * from readable.marts.users', 'api/sql-table-refused'],
    ['select * from nothing', 'api/sql-table-refused'],
    ["select * from '/etc/passwd'", 'api/sql-table-refused'],
    ['select * from "users.csv"', 'api/sql-table-refused'],
    ['from information_schema.tables', 'api/sql-table-refused'],
    ['from duckdb_settings', 'api/sql-table-refused'],
    ['from __ducklake_metadata_lake.ducklake_table', 'api/sql-table-refused'],
    ['select 1 where 1 in (select id from staging.x)', 'api/sql-table-refused'],
    ['select 1 limit (select count(*) from staging.x)', 'api/sql-table-refused'],
    ['select sum(1) over (order by (select 1 from staging.x))', 'api/sql-table-refused'],
    ['with a as (from b), b as (select 1) from a', 'api/sql-table-refused'],
    [
      'select * from (with inner_one as (select 1) from inner_one) x, inner_one',
      'api/sql-table-refused',
    ],
    [
      'with recursive r as (select * from r union all select * from r) from r',
      'api/sql-table-refused',
    ],
    ['with duckdb_settings as (select 1) from duckdb_settings', 'api/sql-construct-refused'],
    ['with "a.csv" as (select 1) from "a.csv"', 'api/sql-construct-refused'],
    ['from users at (version => 1)', 'api/sql-construct-refused'],
    ['describe users', 'api/sql-construct-refused'],
    ['from (show all tables)', 'api/sql-construct-refused'],
    ['summarize users', 'api/sql-construct-refused'],
    ["from read_text('/etc/passwd')", 'api/sql-function-refused'],
    ["from READ_PARQUET(['s3://x/y.parquet'])", 'api/sql-function-refused'],
    ["from query('select 1')", 'api/sql-function-refused'],
    ['from duckdb_secrets()', 'api/sql-function-refused'],
    ["from sqlite_scan('x', 'y')", 'api/sql-function-refused'],
    ["from postgres_query('lake', 'select 1')", 'api/sql-function-refused'],
    ["from json_execute_serialized_sql('x')", 'api/sql-function-refused'],
    ["from range((select count(*) from glob('/*')))", 'api/sql-function-refused'],
    ["select getenv('HOME')", 'api/sql-function-refused'],
    ["select current_setting('temp_directory')", 'api/sql-function-refused'],
    ['select pg_catalog.current_database()', 'api/sql-function-refused'],
    ["select lake.marts.upper('x')", 'api/sql-function-refused'],
    [
      "select [x for x in [1] if json_serialize_plan('from staging.x') is null]",
      'api/sql-function-refused',
    ],
    ['select 1 order by sleep_ms(1000)', 'api/sql-function-refused'],
  ])('%s', async (sql, code) => {
    expect(await check(sql)).toBe(code)
  })
})

it('refuses what is nested too deeply to be walked', () => {
  let node: unknown = 1
  for (let depth = 0; depth < 3000; depth++) node = { child: node }
  const rules = { schemas: ['marts'], relations }
  expect(() => checkStatement({ error: false, statements: [node] }, rules)).toThrow(/nesting/)
})

it('refuses a kind of node that it does not know', () => {
  const rules = { schemas: ['marts'], relations }
  const statement = (node: unknown) => ({ error: false, statements: [{ node }] })
  const query = { type: 'SELECT_NODE', cte_map: { map: [] } }
  for (const node of [
    { ...query, type: 'FUTURE_NODE' },
    { ...query, from_table: { type: 'FUTURE_TABLE' } },
    { ...query, select_list: [{ class: 'FUTURE', type: 'FUTURE' }] },
    { ...query, from_table: { type: 'TABLE_FUNCTION', function: { class: 'FUTURE' } } },
  ]) {
    expect(() => checkStatement(statement(node), rules)).toThrow(/not allowed/)
  }
})

it('names only functions that DuckDB has', async () => {
  const rows = await duckdb.withConnection((connection) =>
    queryRows(connection, 'select distinct lower(function_name) as name from duckdb_functions()'),
  )
  const known = new Set(rows.map(({ name }) => String(name)))
  const written = [...allowedFunctions, ...allowedTableFunctions]
  // Made by the binder, so the list of functions does not have them.
  const special = ['count_star', '->', '!__postfix']
  expect(written.filter((name) => !known.has(name) && !special.includes(name))).toEqual([])
})
