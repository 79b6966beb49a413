import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb, queryRows } from '../../../../core/clients/duckdb.ts'
import { type Adapter, duckdbAdapter } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  type RunOverrides,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

let folder: TestFolder
let duckdb: Duckdb
let adapter: Adapter

beforeEach(async () => {
  folder = await makeFolder()
  duckdb = await openDuckdb({ extensionDirectory, path: join(folder.path, 'shop.duckdb') })
  adapter = duckdbAdapter(duckdb, 'shop', { keepsHistory: false })
})
afterEach(async () => {
  duckdb.close()
  await folder[Symbol.asyncDispose]()
})

async function build(files: Files, overrides: RunOverrides = {}) {
  await writeProject(folder.path, files)
  return await runFolder(folder.path, adapter, { database: 'shop', ...overrides })
}

const sql = (text: string) =>
  duckdb.withConnection(async (connection) => {
    const rows = await queryRows(connection, text)
    return rows.map((row) => Object.values(row).map(String))
  })

describe('a table that foreign keys point at', () => {
  const files: Files = {
    'models/parent.sql': "{{ config(materialized='table') }} select {{ var('id', 1) }} as id",
    'models/child.sql':
      "{{ config(materialized='table') }} select id as parent from {{ ref('parent') }}",
    'models/m.yml': `
models:
  - name: parent
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: integer, constraints: [{type: primary_key}]}]
  - name: child
    config: {contract: {enforced: true}}
    columns: [{name: parent, data_type: integer, constraints: [{type: foreign_key, to: ref('parent'), to_columns: [id]}]}]
`,
  }
  const keys = () =>
    sql("select constraint_text from duckdb_constraints() where constraint_type = 'FOREIGN KEY'")

  it('is replaced when what points at it is built anew after it', async () => {
    await build(files)
    for (const publish of ['atomic', 'per-node'] as const) {
      const run = await build(files, { vars: { id: 2 }, publish })
      expect(statuses(run)).toEqual({ parent: 'success', child: 'success' })
      expect(await sql('select * from child')).toEqual([['2']])
      expect(await keys()).toHaveLength(1)
    }
  })

  it('is left alone when that is not going to be built', async () => {
    await build(files)
    const run = await build(files, { vars: { id: 2 }, select: ['parent'] })
    expect(messageOf(run, 'parent')).toContain('In the way: child (no model of this run builds it)')
    expect(await sql('select * from parent')).toEqual([['1']])
    expect(await keys()).toHaveLength(1)
  })

  it('keeps its rows in order: a broken key publishes nothing', async () => {
    await build(files)
    const broken = {
      ...files,
      'models/child.sql':
        "{{ config(materialized='table') }} -- {{ ref('parent') }}\nselect 9 as parent",
    }
    const run = await build(broken)
    expect(messageOf(run, 'child')).toContain('foreign key constraint')
    expect(await sql('select * from child')).toEqual([['1']])
  })
})

describe('a microbatch model', () => {
  const files: Files = {
    'models/events.sql': `{{ config(materialized='table', event_time='happened') }}
select now()::timestamp - to_days(range::int) as happened, {{ var('amount', 1) }} as amount from range(5)`,
    'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', begin=var('begin'), lookback=1) }}
select happened, amount from {{ ref('events') }}`,
  }
  const begin = new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10)
  const result = async (overrides: RunOverrides) => {
    const vars = { begin, ...overrides.vars }
    const { results } = await build(files, { ...overrides, vars })
    return results.find(({ name }) => name === 'daily')
  }

  it('is built from its beginning the first time, then over the last two days', async () => {
    const first = await result({})
    expect(first).toMatchObject({ status: 'success', message: 'SUCCESS', rows: 5 })
    expect(first?.batches).toHaveLength(11)
    const later = await result({ vars: { amount: 100 } })
    expect(later?.batches).toHaveLength(2)
    expect(await sql('select amount, count(*) from daily group by 1 order by 1')).toEqual([
      ['1', '3'],
      ['100', '2'],
    ])
  })

  it('is added to by none of its batches when one fails', async () => {
    await result({})
    const day = "date_trunc('day', now()::timestamp)"
    const failing = {
      'models/daily.sql': `${files['models/daily.sql']} where case when happened >= ${day} then error('no') else true end`,
    }
    await writeProject(folder.path, { ...files, ...failing })
    const overrides = { database: 'shop', vars: { begin, amount: 100 } }
    const run = await runFolder(folder.path, adapter, { ...overrides, publish: 'per-node' })
    expect(statuses(run)).toEqual({ events: 'success', daily: 'error' })
    expect(await sql('select distinct amount from daily')).toEqual([['1']])
  })

  it.each([
    [{ event_time: null }, 'event_time is needed'],
    [{ unique_key: 'id' }, 'unique_key does not go with the strategy microbatch'],
    [{ begin: 'soon' }, 'begin is soon, and must be a date'],
  ])('is refused with %j', async (config, message) => {
    const [key = '', value = null] = Object.entries(config)[0] ?? []
    const said = value === null ? 'none' : `'${value}'`
    const rest = key === 'event_time' ? '' : ", event_time='happened'"
    const run = await build({
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', batch_size='day'${rest}, ${key}=${said}) }} select 1`,
    })
    expect(messageOf(run, 'daily')).toContain(message)
  })
})

describe('files of a model', () => {
  it('stay as they were when its query fails', async () => {
    const location = join(folder.path, 'out/kept.csv')
    const model = (query: string) => ({
      'models/kept.sql': `{{ config(materialized='external', location='${location}') }}\n${query}`,
    })
    await build(model('select 1 as id'))
    for (const publish of ['atomic', 'per-node'] as const) {
      const run = await build(model("select error('no') as id"), { publish })
      expect(statuses(run)).toEqual({ kept: 'error' })
      expect(await readdir(join(folder.path, 'out'))).toEqual(['kept.csv'])
      expect(await readFile(location, 'utf8')).toBe('id\n1\n')
    }
  })

  it('of partitions that are gone go, unless they are to be kept', async () => {
    const model = (more: string) => ({
      'models/parts.sql': `{{ config(materialized='external', location='${folder.path}/${more === '' ? 'whole' : 'grown'}', options={'partition_by': 'day'${more}}) }}
select {{ var('day', 1) }} as day, 7 as id`,
    })
    await build(model(''))
    await build(model(''), { vars: { day: 2 } })
    expect(await sql('select day from parts order by 1')).toEqual([['2']])
    const keep = ", 'overwrite_or_ignore': 'true'"
    await build(model(keep))
    await build(model(keep), { vars: { day: 2 } })
    expect(await sql('select day from parts order by 1')).toEqual([['1'], ['2']])
  })
})

describe('a seed', () => {
  it('is quoted by double quotes only, whatever a file looks like', async () => {
    const run = await build({ 'seeds/said.csv': `id,word\n1,'a'\n2,'b "c"'\n3,"d, ""e"""\n` })
    expect(statuses(run)).toEqual({ said: 'success' })
    expect(await sql('select word from said order by id')).toEqual([
      [`'a'`],
      [`'b "c"'`],
      ['d, "e"'],
    ])
  })

  it('gets a wider type than dbt gives it where its numbers need one, and says where it does not fit', async () => {
    const files = {
      'seeds/long.csv': 'long,huge\n3000000000,9223372036854775808\n1,1\n',
      'seeds/wrong.csv': 'id\n1\nx\n',
      'seeds/s.yml': 'seeds: [{name: wrong, config: {column_types: {id: integer}}}]',
    }
    const run = await build(files, { publish: 'per-node' })
    expect(statuses(run)).toEqual({ long: 'success', wrong: 'error' })
    expect(messageOf(run, 'wrong')).toMatch(
      /^seeds\/wrong\.csv:3:1 The seed wrong cannot be read: .*"id".* "x" to 'INTEGER'; the line is x \(/,
    )
    const types = await sql("select data_type from duckdb_columns() where table_name = 'long'")
    expect(types).toEqual([['BIGINT'], ['HUGEINT']])
    expect(await sql('select max(huge) from long')).toEqual([['9223372036854775808']])
  })

  it('has the columns that agate names for dbt', async () => {
    const files = {
      'seeds/twice.csv': 'id,id,id_2,,ID\n1,2,3,4,5\n',
      'seeds/s.yml': 'seeds: [{name: twice, config: {column_types: {id_2: varchar}}}]',
    }
    expect(statuses(await build(files))).toEqual({ twice: 'success' })
    expect(await sql('select column_name, column_type from (describe twice)')).toEqual([
      ['id', 'INTEGER'],
      ['id_2', 'VARCHAR'],
      ['id_2_2', 'INTEGER'],
      ['d', 'INTEGER'],
      ['ID_3', 'INTEGER'],
    ])
    expect(await sql('from twice')).toEqual([['1', '2', '3', '4', '5']])
  })

  it('says which line has not as many values as there are columns', async () => {
    const run = await build({ 'seeds/ragged.csv': 'id,name,note\n1,"a\nb",c\n2\n' })
    expect(messageOf(run, 'ragged')).toMatch(
      /^seeds\/ragged\.csv:4:1 Line 4 of the seed ragged has 1 value, and its first line names 3 columns\. \(/,
    )
  })

  it.each([
    ['id,name\n1,a\n2,b,c\n', 3],
    ["id,word\n1,'a'\n2,'b, c'\n", 3],
  ])('loses no line of %j, of which the last has too many values', async (text, line) => {
    const run = await build({ 'seeds/late.csv': text })
    expect(messageOf(run, 'late')).toMatch(
      new RegExp(`^seeds/late\\.csv:${line}:1 Line ${line} of the seed late has 3 values`),
    )
  })

  it('is typed by all of its rows, not by the first', async () => {
    const many = Array.from({ length: 10_050 }, (_, id) => `${id},${id},${id},,2024-01-01,true\n`)
    const last = '1,1.5,x,2024-01-01,2024-01-01 10:00:00,maybe\n'
    const header = 'whole,fraction,text,late,mixed,flag\n'
    const run = await build({ 'seeds/many.csv': header + many.join('') + last })
    expect(run.results[0]).toMatchObject({ status: 'success', rows: 10_051 })
    const types = await sql("select data_type from duckdb_columns() where table_name = 'many'")
    expect(types.flat()).toEqual(['INTEGER', 'DOUBLE', 'VARCHAR', 'DATE', 'VARCHAR', 'VARCHAR'])
  })
})
