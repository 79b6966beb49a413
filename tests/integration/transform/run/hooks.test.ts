import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lake } from '../../../../core/clients/lake.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  type RunOverrides,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'
import { openEngine } from '../snapshot/engines.ts'

let folder: TestFolder
let lake: Lake

beforeEach(async () => {
  folder = await makeFolder()
  lake = await openFolderLake(folder.path)
  await queryLake(lake, 'create table lake.main.audit (what varchar)')
})

afterEach(async () => {
  lake.close()
  await folder[Symbol.asyncDispose]()
})

async function run(files: Files, overrides: RunOverrides = {}) {
  await writeProject(folder.path, files)
  return await runFolder(folder.path, lake, overrides)
}

async function audited(): Promise<unknown[]> {
  const rows = await queryLake(lake, 'select what from lake.main.audit order by rowid')
  return rows.map((row) => row['what'])
}

const keptHooks = () =>
  queryLake(
    lake,
    "select name, status from lake.ops.node_runs where kind = 'operation' order by name not like '%start%', name",
  )

const note = (text: string) => `insert into lake.main.audit values ('${text}')`

describe('hooks of a node', () => {
  it('run in the order of dbt: project file, schema file, header, and outside of the transaction at the ends', async () => {
    const result = await run({
      'dbt_project.yml': `
name: shop
models:
  +pre-hook: "${note('project before {{ this.identifier }}')}"
  +post-hook:
    - "${note('project after')}"
    - {sql: "${note('project outside')}", transaction: false}
`,
      'models/a.sql': `{{ config(
        materialized='table',
        pre_hook=["${note('header before')}", {"sql": "${note('header outside')}", "transaction": false}],
        post_hook=in_transaction("${note('rows {{ model[\\"name\\"] }}')} ")
      ) }} select 1 as id`,
      'models/a.yml': `models: [{name: a, config: {pre_hook: "${note('schema file before')}"}}]`,
    })
    expect(statuses(result)).toEqual({ a: 'success' })
    expect(await audited()).toEqual([
      'header outside',
      'project before a',
      'schema file before',
      'header before',
      'project after',
      'rows a',
      'project outside',
    ])
  })

  it('run macros, see what the node wrote, and belong to seeds and increments too', async () => {
    const files = {
      'dbt_project.yml': `
name: shop
seeds:
  +post-hook: "{{ noted(this) }}"
`,
      'macros/noted.sql': `{% macro noted(relation) %}{% if execute %}
        {% set rows = run_query('select count(*) from ' ~ relation).rows[0][0] %}
        insert into lake.main.audit values ('{{ relation.identifier }}: {{ rows }}'){% endif %}
      {% endmacro %}`,
      'seeds/codes.csv': 'id\n1\n2\n',
      'models/grown.sql': `{{ config(materialized='incremental', post_hook='{{ noted(this) }}', pre_hook='{# nothing #}') }}
        select * from {{ ref('codes') }}`,
    }
    await run(files)
    await run(files)
    expect(await audited()).toEqual(['codes: 2', 'grown: 2', 'codes: 2', 'grown: 4'])
  })

  it('fail the node, which is then not written', async () => {
    const result = await run({
      'models/a.sql':
        "{{ config(materialized='table', post_hook='select * from nowhere') }} select 1 as id",
    })
    expect(statuses(result)).toEqual({ a: 'error' })
    expect(messageOf(result, 'a')).toContain('nowhere does not exist')
    const tables = await queryLake(lake, "from duckdb_tables() where table_name = 'a'")
    expect(tables).toEqual([])
  })
})

describe("hooks that ask to be outside of their node's transaction", () => {
  const own = { 'macros/own.sql': '{% macro copy_grants() %}{{ return(True) }}{% endmacro %}' }
  const hooked = (sql: string) => `{{ config(
    materialized='table',
    pre_hook=[before_begin("insert into audit values ('before')"), "insert into audit values ('inside')"],
    post_hook=["insert into audit values ('rows ' || (select count(*) from {{ this }}))", after_commit("insert into audit values ('after {{ this.identifier }}')")]
  ) }} ${sql}`

  it.each([
    ['the runner', {}],
    ['macros', own],
  ])('keep what they wrote when the node fails that %s makes', async (_, macros) => {
    await using plain = await openEngine('memory', folder.path)
    await plain.sql('create table audit (what varchar)')
    await writeProject(folder.path, {
      ...macros,
      'models/bad.sql': hooked("select error('no') as id"),
      'models/good.sql': hooked('select 1 as id'),
    })
    const result = await runFolder(folder.path, plain.adapter, {
      database: 'memory',
      publish: 'per-node',
    })
    expect(statuses(result)).toEqual({ bad: 'error', good: 'success' })
    const rows = await plain.sql('select what from audit order by rowid')
    expect(rows.map(({ what }) => what)).toEqual([
      'before',
      ...['before', 'inside', 'rows 1', 'after good'],
    ])
    const left = await plain.sql(
      "select table_name from duckdb_tables() where table_name like '%dbt_%'",
    )
    expect(left).toEqual([])
  })

  it('go with the run where that is one transaction', async () => {
    const result = await run({
      'models/bad.sql': hooked("select error('no') as id").replaceAll('audit', 'lake.main.audit'),
    })
    expect(result.outcome).toBe('rolled-back')
    expect(await audited()).toEqual([])
  })
})

describe('hooks of a run', () => {
  const project = `
name: shop
on-run-start:
  - "create table if not exists lake.main.seen (name varchar, status varchar)"
  - "{% if var('broken', false) %}select * from nowhere{% endif %}"
on-run-end:
  - "{% for result in results %}insert into lake.main.seen values ('{{ result.node.name }}', '{{ result.status }}');{% endfor %}"
  - "${note("{{ schemas | join(',') }}: {{ results | length }}")}"
`
  const files = {
    'dbt_project.yml': project,
    'models/good.sql':
      "{{ config(materialized='table', schema='extra') }} select {{ var('id', 1) }} as id",
    'models/bad.sql':
      "{{ config(materialized='table') }} -- {{ ref('good') }}\nselect {{ var('column', 1) }} as id",
    'models/good.yml': 'models: [{name: good, columns: [{name: id, data_tests: [not_null]}]}]',
  }

  it('stand around it and know how it went', async () => {
    const result = await run(files)
    expect(result.outcome).toBe('committed')
    expect(statuses(result)).toEqual({
      'shop-on-run-start-0': 'success',
      'shop-on-run-start-1': 'success',
      good: 'success',
      not_null_good_id: 'pass',
      bad: 'success',
      'shop-on-run-end-0': 'success',
      'shop-on-run-end-1': 'success',
    })
    expect(messageOf(result, 'shop-on-run-end-1')).toBe('shop.on-run-end.1 passed')
    expect(await queryLake(lake, 'from lake.main.seen order by rowid')).toEqual([
      { name: 'good', status: 'success' },
      { name: 'not_null_good_id', status: 'pass' },
      { name: 'bad', status: 'success' },
    ])
    expect(await audited()).toEqual(['main,main_extra: 3'])
    expect(result.results[0]?.timing?.map(({ name }) => name)).toEqual(['compile', 'execute'])
    expect(await keptHooks()).toEqual([
      { name: 'shop-on-run-start-0', status: 'success' },
      { name: 'shop-on-run-start-1', status: 'success' },
      { name: 'shop-on-run-end-0', status: 'success' },
      { name: 'shop-on-run-end-1', status: 'success' },
    ])
  })

  it('keep what they wrote when the run is rolled back', async () => {
    const result = await run(files, { vars: { column: 'no_such_column' } })
    expect(result.outcome).toBe('rolled-back')
    expect(await queryLake(lake, 'from lake.main.seen order by rowid')).toEqual([
      { name: 'good', status: 'skipped' },
      { name: 'not_null_good_id', status: 'skipped' },
      { name: 'bad', status: 'error' },
    ])
    const bad = result.results.find(({ name }) => name === 'bad')
    expect(bad?.timing?.map(({ name }) => name)).toEqual(['compile', 'execute'])
  })

  it('keep the nodes from running when the first of them fail', async () => {
    const result = await run(files, { vars: { broken: true } })
    expect(result.outcome).toBe('failed')
    expect(statuses(result)).toMatchObject({
      'shop-on-run-start-0': 'success',
      'shop-on-run-start-1': 'error',
      good: 'skipped',
      bad: 'skipped',
      'shop-on-run-end-1': 'success',
    })
    expect(await audited()).toEqual([': 0'])
    expect(
      await queryLake(lake, 'select outcome, skipped::int as skipped from lake.ops.runs'),
    ).toEqual([{ outcome: 'failed', skipped: 3 }])
    expect((await keptHooks()).map(({ status }) => status)).toContain('error')
  })

  it('fail a run that is committed by then', async () => {
    const ending = 'name: shop\non-run-end: ["select * from nowhere", "select 1"]\n'
    const result = await run({ ...files, 'dbt_project.yml': ending })
    expect(result).toMatchObject({ outcome: 'failed', built: [] })
    expect(statuses(result)).toMatchObject({
      good: 'success',
      'shop-on-run-end-0': 'error',
      'shop-on-run-end-1': 'skipped',
    })
    expect(await queryLake(lake, 'from lake.main.bad')).toEqual([{ id: 1 }])
  })

  it.each([
    ['on-run-start', 'skipped', 'before'],
    ['on-run-end', 'success', 'after'],
  ] as const)('are interrupted %s, as the run is', async (when, status, what) => {
    const endless =
      'create temp table n as select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3'
    const controller = new AbortController()
    const result = await run(
      {
        'dbt_project.yml': `name: shop\n${when}: ["${note(what)}", "${endless}", "${note('never')}"]\n`,
        'models/good.sql': "{{ config(materialized='table') }} select 1 as id",
      },
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind !== 'started' || event.node.name !== `shop-${when}-1`) return
          setTimeout(() => controller.abort(new Error('SIGINT')), 100)
        },
      },
    )
    expect(result).toMatchObject({ outcome: 'interrupted', built: [] })
    expect(statuses(result)).toMatchObject({ good: status, [`shop-${when}-1`]: 'error' })
    expect(await audited()).toEqual([what])
  })

  it('make the run count as interrupted when they do not begin any more', async () => {
    const controller = new AbortController()
    const result = await run(
      {
        'dbt_project.yml': `name: shop\non-run-end: ["${note('first')}", "${note('never')}"]\n`,
        'models/good.sql': "{{ config(materialized='table') }} select 1 as id",
      },
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind !== 'finished' || event.result.name !== 'shop-on-run-end-0') return
          controller.abort(new Error('SIGINT'))
        },
      },
    )
    expect(result).toMatchObject({ outcome: 'interrupted', built: [] })
    expect(await audited()).toEqual(['first'])
  })

  it('find the schemas of the nodes made', async () => {
    const starting = 'name: shop\non-run-start: "create table lake.main_extra.early (id integer)"\n'
    const result = await run({ ...files, 'dbt_project.yml': starting })
    expect(result.outcome).toBe('committed')
  })

  it('are left alone when there is nothing to do', async () => {
    const result = await run(files, { command: 'seed' })
    expect(result.results).toEqual([])
  })

  it('end the command when a template of theirs fails', async () => {
    const ending = `name: shop\non-run-start: "{{ exceptions.raise_compiler_error('not today') }}"\n`
    await expect(run({ ...files, 'dbt_project.yml': ending })).rejects.toThrow('not today')
  })
})
