import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import {
  findRun,
  listRuns,
  nodesOfRun,
  planRollback,
  type RunResult,
  rollBackRun,
  runsOfNode,
} from '../../../../transform/index.ts'
import {
  type Files,
  makeFolder,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

const project = {
  'models/numbers.sql':
    "{{ config(materialized='table') }}\nselect {{ var('step') }} as n, date '2024-01-01' as day",
  'models/shown.sql': 'select n * 10 as ten from {{ ref("numbers") }}',
  'models/schema.yml': `
models:
  - name: numbers
    columns: [{name: n, data_tests: [not_null]}]`,
}

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, project)
  lake = await openFolderLake(folder.path)
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

const build = (step: number | string) => runFolder(folder.path, lake, { vars: { step } })
const sql = (text: string) => queryLake(lake, text)
const by = () => ({ runId: randomUUID(), startedAt: new Date().toISOString(), author: 'ada' })
const back = (id: string) => rollBackRun(lake, 'lake', id, by())

/** A run of numbers and of what never ends, stopped there once the work meanwhile is done. */
async function interrupted(
  publish: 'atomic' | 'per-node',
  meanwhile: () => Promise<void>,
): Promise<RunResult> {
  await writeProject(folder.path, {
    'models/z_endless.sql': `-- {{ ref('numbers') }}
{{ config(materialized='table') }} select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3`,
  })
  const controller = new AbortController()
  let work = Promise.resolve()
  const result = await runFolder(folder.path, lake, {
    ...{ vars: { step: 5 }, select: ['numbers', 'z_endless'], command: 'run', publish },
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind !== 'started' || event.node.name !== 'z_endless') return
      work = meanwhile().finally(() => controller.abort(new Error('SIGINT')))
    },
  })
  await work
  expect(result.outcome).toBe('interrupted')
  return result
}

describe('the history of runs', () => {
  it('lists runs newest first, and what each of them did', async () => {
    const first = await build(1)
    const second = await build('null')
    expect(second.outcome).toBe('rolled-back')
    const runs = await lake.read((c) => listRuns(c, 'lake', 10))
    expect(runs.map(({ runId, outcome, failed }) => [runId, outcome, failed])).toEqual([
      [second.runId, 'rolled-back', 1],
      [first.runId, 'committed', 0],
    ])
    const nodes = await lake.read((c) => nodesOfRun(c, 'lake', second.runId))
    expect(nodes.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'not_null_numbers_n fail',
      'numbers rolled-back',
      'shown skipped',
    ])
  })

  it('finds a run by how its id begins, and says when there is none', async () => {
    const { runId } = await build(1)
    const found = await lake.read((c) => findRun(c, 'lake', runId.slice(0, 6)))
    expect(found.runId).toBe(runId)
    const missing = lake.read((c) => findRun(c, 'lake', 'zzz'))
    await expect(missing).rejects.toMatchObject({ code: 'runs/unknown' })
  })

  it('says so where nothing was run yet', async () => {
    const runs = lake.read((c) => listRuns(c, 'lake', 10))
    await expect(runs).rejects.toMatchObject({ code: 'runs/no-history' })
  })

  it('tells which runs wrote a model', async () => {
    const first = await build(1)
    await build('null')
    const third = await build(3)
    const runs = await lake.read((c) => runsOfNode(c, 'lake', 'numbers', 10))
    expect(runs.map(({ runId }) => runId)).toEqual([third.runId, first.runId])
    const at = `select n from lake.main.numbers at (version => ${runs[1]?.snapshot})`
    expect(await sql(at)).toEqual([{ n: 1 }])
    const unknown = lake.read((c) => runsOfNode(c, 'lake', 'number', 10))
    await expect(unknown).rejects.toMatchObject({
      code: 'runs/unknown-node',
      hint: 'did you mean numbers?',
    })
  })

  it('adds the columns that tables of an earlier release do not have', async () => {
    await sql('create schema lake.ops')
    await sql('create table lake.ops.runs (run_id varchar, command varchar, outcome varchar)')
    await sql("insert into lake.ops.runs values ('old', 'build', 'committed')")
    await build(1)
    const rows = await sql('select run_id, nodes from lake.ops.runs order by nodes nulls first')
    expect(rows.map(({ run_id, nodes }) => [run_id === 'old', nodes])).toEqual([
      [true, null],
      [false, 3n],
    ])
  })
})

describe('a rollback', () => {
  it('publishes the state before a run again, tables and views', async () => {
    await build(1)
    await writeProject(folder.path, {
      ...project,
      'models/shown.sql': "{{ config(materialized='table') }}\nselect 7 as seven",
    })
    const second = await build(2)
    const third = await build(3)
    const done = await back(second.runId)
    expect(done.undone).toEqual([third.runId, second.runId])
    expect(await sql('select n from lake.main.numbers')).toEqual([{ n: 1 }])
    expect(await sql('select ten from lake.main.shown')).toEqual([{ ten: 10 }])
  })

  it('drops what the run made first, and can be rolled back itself', async () => {
    const first = await build(1)
    const undo = await back(first.runId)
    expect(undo.restored.map(({ outcome }) => outcome)).toEqual(['dropped', 'dropped'])
    expect(
      await sql("select table_name from information_schema.tables where table_schema = 'main'"),
    ).toEqual([])
    const [newest] = await lake.read((c) => listRuns(c, 'lake', 1))
    expect(newest).toMatchObject({ command: 'rollback', author: 'ada' })
    await back(String(newest?.runId))
    expect(await sql('select ten from lake.main.shown')).toEqual([{ ten: 10 }])
  })

  it('keeps partitions, sort order and comments', async () => {
    await build(1)
    await sql('alter table lake.main.numbers set partitioned by (year(day), n)')
    await sql('alter table lake.main.numbers set sorted by (n desc)')
    await sql("comment on table lake.main.numbers is 'it''s numbers'")
    await sql("comment on column lake.main.numbers.n is 'one'")
    const second = await build(2)
    await back(second.runId)
    const comments = await sql(
      "select comment from duckdb_tables() where table_name = 'numbers' union all select comment from duckdb_columns() where table_name = 'numbers' and column_name = 'n'",
    )
    expect(comments.map((row) => row['comment'])).toEqual(["it's numbers", 'one'])
    const metadata = '__ducklake_metadata_lake.main'
    expect(
      await sql(
        `select p.transform from ${metadata}.ducklake_partition_info i join ${metadata}.ducklake_partition_column p using (partition_id) where i.end_snapshot is null order by p.partition_key_index`,
      ),
    ).toEqual([{ transform: 'year' }, { transform: 'identity' }])
    expect(
      await sql(
        `select e.sort_direction as d from ${metadata}.ducklake_sort_info i join ${metadata}.ducklake_sort_expression e using (sort_id) where i.end_snapshot is null`,
      ),
    ).toEqual([{ d: 'DESC' }])
  })

  it('keeps NOT NULL and defaults, and leaves a table alone that is called as it might be', async () => {
    await build(1)
    await sql(
      "create or replace table lake.main.numbers (n integer not null, day date default '2020-02-02', word varchar default 'it''s', written timestamp default now(), plain decimal(9, 2))",
    )
    await sql('insert into lake.main.numbers values (1, null, null, null, 1.25)')
    await sql('create table lake.main.numbers__restored as select 5 as five')
    const described = await sql('describe lake.main.numbers')
    const second = await build(2)
    await back(second.runId)
    expect(await sql('describe lake.main.numbers')).toEqual(described)
    expect(await sql('from lake.main.numbers__restored')).toEqual([{ five: 5 }])
    await sql('insert into lake.main.numbers (n) values (8)')
    expect(
      await sql(
        'select n, day::varchar as day, word, written is null as early, plain::varchar as plain from lake.main.numbers order by n',
      ),
    ).toEqual([
      { n: 1, day: null, word: null, early: true, plain: '1.25' },
      { n: 8, day: '2020-02-02', word: "it's", early: false, plain: null },
    ])
    await expect(sql('insert into lake.main.numbers (n) values (null)')).rejects.toThrow('NOT NULL')
  })

  it('puts back views that read each other, whichever was made first, and their schema', async () => {
    const views = {
      'models/one/low.sql':
        "{{ config(schema='layer') }}\nselect n + 1 as n from {{ ref('numbers') }}",
      'models/one/high.sql':
        "{{ config(schema='layer') }}\nselect n * 2 as n from {{ ref('low') }}",
    }
    await writeProject(folder.path, views)
    await build(1)
    await sql(
      'create or replace view lake.main_layer.low as select n + 1 as n from lake.main.numbers',
    )
    const tables = Object.entries(views).map(([file, text]) => [
      file,
      text.replace("schema='layer'", "schema='layer', materialized='table'"),
    ])
    await writeProject(folder.path, Object.fromEntries(tables))
    const second = await build(2)
    await sql('drop schema lake.main_layer cascade')
    await back(second.runId)
    expect(await sql('select n from lake.main_layer.high')).toEqual([{ n: 4 }])
  })

  it('puts back functions, and what calls them', async () => {
    const more = (plus: string): Files => ({
      'functions/plus.sql': plus,
      'functions/plus.yml':
        'functions: [{name: plus, arguments: [{name: x, data_type: bigint}, {name: y, data_type: "decimal(9,2)"}], returns: {data_type: bigint}}]',
      'models/called.sql': "select {{ function('plus') }}(n, 1) as n from {{ ref('numbers') }}",
    })
    await writeProject(folder.path, more('x + y'))
    await build(1)
    await writeProject(folder.path, more('x * 100'))
    const second = await build(2)
    expect(await sql('select n::int as n from lake.main.called')).toEqual([{ n: 200 }])
    await back(second.runId)
    expect(await sql('select n::int as n from lake.main.called')).toEqual([{ n: 2 }])
  })

  it('leaves an incremental model exact: the next build reads everything once', async () => {
    await sql('create schema lake.raw')
    await sql('create table lake.raw.events as select range as id from range(5)')
    await writeProject(folder.path, {
      ...project,
      'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
      'models/seen.sql':
        "{{ config(materialized='incremental') }}\nselect id from {{ new_rows(source('raw', 'events')) }}",
    })
    await build(1)
    await sql('insert into lake.raw.events values (5), (6)')
    const second = await build(2)
    await back(second.runId)
    const count = 'select count(*) as n, count(distinct id) as ids from lake.main.seen'
    expect(await sql(count)).toEqual([{ n: 5n, ids: 5n }])
    await build(3)
    expect(await sql(count)).toEqual([{ n: 7n, ids: 7n }])
  })

  it('undoes what a later run has published node by node before it failed', async () => {
    const first = await build(1)
    const second = await build(2)
    await writeProject(folder.path, {
      'models/broken.sql': "{{ config(materialized='table') }}select error('broken') as x",
      'models/late.sql': "{{ config(materialized='table') }}select 1 as x",
    })
    const failed = await runFolder(folder.path, lake, { vars: { step: 3 }, publish: 'per-node' })
    expect(failed.outcome).toBe('failed')
    expect(await sql('select n from lake.main.numbers')).toEqual([{ n: 3 }])
    await writeProject(folder.path, { 'models/broken.sql': 'select 1 as x' })
    await runFolder(folder.path, lake, { vars: { step: 3 }, select: ['broken'] })
    const undo = await back(second.runId)
    expect(undo.undone).toContain(failed.runId)
    expect(await sql('select n from lake.main.numbers')).toEqual([{ n: 1 }])
    expect(undo.undone).not.toContain(first.runId)
    const left = "select table_name from information_schema.tables where table_name = 'late'"
    expect(await sql(left)).toEqual([])
  })

  it('undoes a run that has published nodes one by one and failed', async () => {
    await build(1)
    await writeProject(folder.path, {
      'models/broken.sql': "{{ config(materialized='table') }}select error('broken') as x",
    })
    const failed = await runFolder(folder.path, lake, { vars: { step: 2 }, publish: 'per-node' })
    const known = await lake.read((c) => runsOfNode(c, 'lake', 'numbers', 10))
    expect(known[0]?.runId).toBe(failed.runId)
    const [commit] = await sql(
      `select commit_extra_info->>'run_id' as run, commit_extra_info->'nodes' as nodes
       from lake.snapshots() where commit_message like '%: numbers' order by snapshot_id desc limit 1`,
    )
    expect(commit).toMatchObject({ run: failed.runId })
    expect(String(commit?.['nodes'])).toMatch(/^\["model\.\w+\.numbers"\]$/)
    await back(failed.runId)
    expect(await sql('select n from lake.main.numbers')).toEqual([{ n: 1 }])
  })

  it('undoes and names what was committed while a run went on, node by node, until it was stopped', async () => {
    await build(1)
    await writeProject(folder.path, {
      'models/aside.sql': "{{ config(materialized='table') }}select {{ var('step') }} as x",
    })
    await runFolder(folder.path, lake, { vars: { step: 1 }, select: ['aside'] })
    let during: RunResult | undefined
    const stopped = await interrupted('per-node', async () => {
      during = await runFolder(folder.path, lake, { vars: { step: 2 }, select: ['aside'] })
    })
    expect(statuses(stopped)).toMatchObject({ numbers: 'success' })
    const known = await lake.read((c) => runsOfNode(c, 'lake', 'numbers', 1))
    expect(known[0]?.runId).toBe(stopped.runId)
    const later = await runFolder(folder.path, lake, { vars: { step: 3 }, select: ['aside'] })
    const undo = await back(stopped.runId)
    expect(undo.undone).toEqual([later.runId, stopped.runId, during?.runId])
    expect(await sql('select n, x from lake.main.numbers, lake.main.aside')).toEqual([
      { n: 1, x: 1 },
    ])
  })

  it('refuses a run that was stopped before it published, and leaves what was committed meanwhile', async () => {
    await build(1)
    let during: RunResult | undefined
    const stopped = await interrupted('atomic', async () => {
      during = await runFolder(folder.path, lake, { vars: { step: 2 }, select: ['shown'] })
    })
    expect(during?.outcome).toBe('committed')
    expect(statuses(stopped)).toMatchObject({ numbers: 'success' })
    const nodes = await lake.read((c) => nodesOfRun(c, 'lake', stopped.runId))
    expect(nodes.find(({ name }) => name === 'numbers')?.status).toBe('rolled-back')
    await expect(back(stopped.runId)).rejects.toMatchObject({ code: 'runs/not-published' })
  })

  it('refuses a run of tests, which wrote nothing', async () => {
    await build(1)
    const tested = await runFolder(folder.path, lake, { vars: { step: 1 }, command: 'test' })
    expect(tested.outcome).toBe('committed')
    await expect(back(tested.runId)).rejects.toMatchObject({ code: 'runs/not-published' })
  })

  it('refuses a run that published nothing, and one whose state is forgotten', async () => {
    const failed = await build('null')
    await expect(back(failed.runId)).rejects.toMatchObject({ code: 'runs/not-published' })
    const good = await build(1)
    await build(2)
    await sql("call ducklake_expire_snapshots('lake', older_than => now())")
    const forgotten = lake.read((c) => planRollback(c, lake, 'lake', good.runId))
    await expect(forgotten).rejects.toMatchObject({ code: 'runs/forgotten' })
  })
})
