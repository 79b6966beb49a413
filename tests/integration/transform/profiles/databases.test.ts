import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { profileProject } from '../../../support/profile-project.ts'

const seed = { 'seeds/items.csv': 'id,name\n1,a\n2,b\n' }
const model = { 'models/counted.sql': "select count(*)::int as n from {{ ref('items') }}" }

const tablesOf = `select table_catalog || '.' || table_schema || '.' || table_name as name, table_type as kind
  from information_schema.tables order by 1`

describe('a database file', () => {
  it('takes seeds, models and custom schemas, and nothing else', async () => {
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb, schema: dev, threads: 4}' },
      {
        ...seed,
        ...model,
        'models/mart.sql':
          "{{ config(schema='marts', materialized='view') }} select * from {{ ref('counted') }}",
        'models/tests.yml':
          'models: [{name: counted, columns: [{name: n, data_tests: [unique, not_null]}]}]',
      },
    )
    const { code, stdout, stderr } = await shop.millrace(['build'])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/OK created sql table model dev.counted/)
    expect(stdout).toMatch(/Completed successfully\n\nDone. PASS=5 /)
    expect(code).toBe(0)
    expect(await shop.query('shop.duckdb', tablesOf)).toEqual([
      { name: 'shop.dev.counted', kind: 'BASE TABLE' },
      { name: 'shop.dev.items', kind: 'BASE TABLE' },
      { name: 'shop.dev_marts.mart', kind: 'VIEW' },
    ])
    expect(existsSync(join(shop.path, '.millrace'))).toBe(false)
  })

  it('is one transaction of a whole build where that is asked for, rolled back when a test fails', async () => {
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb}' },
      { ...seed, ...model, 'tests/none.sql': "select * from {{ ref('counted') }} where n > 2" },
    )
    expect((await shop.millrace(['build'])).code).toBe(0)
    await shop.write({ 'seeds/items.csv': 'id,name\n1,a\n2,b\n3,c\n' })
    const { code, stdout } = await shop.millrace(['build', '--publish', 'atomic'])
    expect(stdout).toMatch(/^Completed with 1 error[\s\S]*^Nothing was published\.$/m)
    expect(code).toBe(1)
    expect(await shop.query('shop.duckdb', 'from counted')).toEqual([{ n: 2 }])
  })

  it('keeps what succeeded when disable_transactions asks for it', async () => {
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb, disable_transactions: true}' },
      {
        ...model,
        ...seed,
        'models/wrong.sql': "select error('no') as x from {{ ref('counted') }}",
        'models/below.sql': "select * from {{ ref('wrong') }}",
        'models/zoo.sql': "select 1 as id from {{ ref('counted') }}",
      },
    )
    const { code, stdout } = await shop.millrace(['build'])
    expect(stdout).toMatch(/Done. PASS=3 WARN=0 ERROR=1 SKIP=1 /)
    expect(code).toBe(1)
    const rows = await shop.query('shop.duckdb', tablesOf)
    expect(rows.map((row) => row['name'])).toEqual([
      'shop.main.counted',
      'shop.main.items',
      'shop.main.zoo',
    ])
  })

  it('is what seed, run and test go to one after the other, and a query of a template', async () => {
    const asking =
      "select {% if execute %}{{ run_query('select count(*) as n from items').columns[0].values()[0] }}{% else %}0{% endif %} as n -- {{ ref('items') }}"
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb}' },
      {
        ...seed,
        'models/asked.sql': asking,
        'tests/two.sql': "select * from {{ ref('asked') }} where n <> 2",
      },
    )
    expect((await shop.millrace(['seed'])).code).toBe(0)
    expect((await shop.millrace(['run'])).code).toBe(0)
    expect((await shop.millrace(['test'])).stdout).toMatch(/Done. PASS=1 /)
    expect(await shop.query('shop.duckdb', 'from asked')).toEqual([{ n: 2 }])
  })

  it('grows an incremental model from run to run', async () => {
    const shop = await profileProject(
      { default: '{type: duckdb, path: shop.duckdb}' },
      {
        'models/grown.sql': `{{ config(materialized='incremental', unique_key='id') }}
          select {{ var('id') }} as id {% if is_incremental() %}, 'more' as how{% else %}, 'first' as how{% endif %}`,
      },
    )
    for (const id of [1, 2]) await shop.millrace(['run', '--vars', `{id: ${id}}`])
    expect(await shop.query('shop.duckdb', 'from grown order by id')).toEqual([
      { id: 1, how: 'first' },
      { id: 2, how: 'more' },
    ])
  })
})

describe('target of templates', () => {
  it('has what dbt puts there, for the output that --target names', async () => {
    const shop = await profileProject(
      {
        default: "{type: duckdb, path: \"{{ env_var('SHOP_FILE', 'none.duckdb') }}\"}",
        ci: '{type: duckdb, path: ci.db, schema: ci, threads: "{{ env_var(\'THREADS\') | as_number }}"}',
      },
      {
        'models/told.sql':
          "select '{{ [target.name, target.schema, target.database, target.type, target.threads, target.profile_name, target.path, this] | join(' ') }}' as told",
      },
    )
    const told = async (
      table: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
    ) => {
      await shop.millrace(['run', ...args], env)
      const [file = ''] = table.split('/')
      const [row] = await shop.query(file, `from ${table.split('/')[1]}`)
      return row?.['told']
    }
    expect(await told('my.duckdb/main.told', [], { SHOP_FILE: 'my.duckdb' })).toBe(
      'default main my duckdb 1 shop my.duckdb "my"."main"."told"',
    )
    expect(await told('ci.db/ci.ci.told', ['-t', 'ci'], { THREADS: '3' })).toBe(
      'ci ci ci duckdb 3 shop ci.db "ci"."ci"."told"',
    )
    const env = { DBT_TARGET: 'ci', THREADS: '3' }
    expect(await told('ci.db/ci.ci.told', ['--threads', '2'], env)).toMatch(/^ci ci ci duckdb 2 /)
  })
})

describe('a database in memory', () => {
  it('is built whole and leaves nothing behind', async () => {
    const shop = await profileProject({ default: '{type: duckdb}' }, { ...seed, ...model })
    const { code, stdout } = await shop.millrace(['build'])
    expect(stdout).toMatch(/Done. PASS=2 /)
    expect(code).toBe(0)
  })
})

describe('attached databases', () => {
  const attach = 'attach: [{path: other.duckdb, alias: other}]'

  it('are read as sources', async () => {
    const shop = await profileProject(
      { default: `{type: duckdb, path: shop.duckdb, ${attach}}` },
      {
        'models/sources.yml':
          'sources: [{name: outside, database: other, schema: main, tables: [{name: events}]}]',
        'models/counted.sql': "select count(*)::int as n from {{ source('outside', 'events') }}",
      },
    )
    await shop.query('other.duckdb', 'create table events as from range(7)')
    expect((await shop.millrace(['run'])).code).toBe(0)
    expect(await shop.query('shop.duckdb', 'from counted')).toEqual([{ n: 7 }])
  })

  it('are written node by node, told, when models go to more than one', async () => {
    const shop = await profileProject(
      { default: `{type: duckdb, path: shop.duckdb, ${attach}}` },
      {
        ...seed,
        'models/here.sql': "select * from {{ ref('items') }}",
        'models/there.sql': "{{ config(database='other') }} select * from {{ ref('here') }}",
        'models/wrong.sql':
          "{{ config(database='other') }} select error('no') as x from {{ ref('there') }}",
      },
    )
    const { code, stdout, stderr } = await shop.millrace(['build'])
    expect(stderr).toBe(
      'note: models go to the databases other, shop; DuckDB writes to one in a transaction, so each node is committed by itself.\n',
    )
    expect(stdout).toMatch(/OK created sql table model main.there/)
    expect(stdout).toMatch(/ERROR creating sql table model main.wrong/)
    expect(stdout).toMatch(/Each node was committed by itself, those that failed were not\./)
    expect(code).toBe(1)
    expect(await shop.query('shop.duckdb', 'from here')).toHaveLength(2)
    expect(await shop.query('other.duckdb', tablesOf)).toEqual([
      { name: 'other.main.there', kind: 'BASE TABLE' },
    ])
  })

  it('hold the models when database: names one', async () => {
    const shop = await profileProject(
      { default: `{type: duckdb, database: other, ${attach}}` },
      { ...seed, ...model },
    )
    const { code, stderr } = await shop.millrace(['build'])
    expect([code, stderr]).toEqual([0, ''])
    expect(await shop.query('other.duckdb', 'from counted')).toEqual([{ n: 2 }])
  })
})

describe('a DuckLake', () => {
  const outputs = {
    default:
      '{type: duckdb, database: lk, attach: [{path: "ducklake:meta.ducklake", alias: lk, options: {data_path: data/}}]}',
    typed: '{type: duckdb, database: lk, attach: [{path: typed.db, alias: lk, type: ducklake}]}',
    path: '{type: duckdb, path: "ducklake:own.ducklake"}',
  }

  it('is the catalog of the models, attached or named by path, one snapshot a build', async () => {
    const shop = await profileProject(outputs, {
      ...seed,
      ...model,
      'tests/two.sql': "select * from {{ ref('counted') }} where n <> 2",
    })
    for (const target of Object.keys(outputs)) {
      const { code, stdout, stderr } = await shop.millrace(['build', '-t', target])
      expect([stderr, stdout]).toEqual(['', expect.stringMatching(/Done. PASS=3 /)])
      expect(code).toBe(0)
    }
    // The catalog begins with one snapshot of its own.
    const snapshots = await shop.query(
      'meta.ducklake',
      'select count(*)::int as n from ducklake_snapshot',
    )
    expect(snapshots).toEqual([{ n: 2 }])
    const { stdout } = await shop.millrace(['test'])
    expect(stdout).toMatch(/Done. PASS=1 /)
  })
})

describe('settings, extensions and secrets', () => {
  it('are in force for models, tests and queries of templates', async () => {
    const shop = await profileProject(
      {
        default: `{type: duckdb, path: shop.duckdb, extensions: [httpfs, {name: sqlite, repo: core}, json],
          settings: {memory_limit: 1GB, s3_region: eu-west-1, preserve_insertion_order: false},
          config_options: {threads: 1, default_null_order: nulls_first},
          secrets: [{type: s3, name: mine, key_id: abc, secret: "{{ env_var('DBT_ENV_SECRET_KEY') }}", scope: "s3://mine"}]}`,
      },
      {
        'models/told.sql': `select current_setting('memory_limit') as memory, current_setting('s3_region') as region,
            current_setting('preserve_insertion_order') as keeps, current_setting('threads')::int as threads,
            current_setting('default_null_order') as nulls,
            (select string_agg(name || ' ' || scope[1]) from duckdb_secrets()) as secret,
            (select count(*)::int from duckdb_extensions() where loaded and extension_name in ('httpfs', 'sqlite_scanner')) as extensions,
            '{% if execute %}{{ run_query("select current_setting('s3_region') as r").columns[0].values()[0] }}{% endif %}' as asked`,
      },
    )
    const { code, stdout, stderr } = await shop.millrace(['run', '--log-level', 'debug'], {
      DBT_ENV_SECRET_KEY: 'tell-nobody',
    })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/tell-nobody/)
    expect(await shop.query('shop.duckdb', 'from told')).toEqual([
      {
        memory: '953.6 MiB',
        region: 'eu-west-1',
        keeps: false,
        threads: 1,
        nulls: 'NULLS_FIRST',
        secret: 'mine s3://mine',
        extensions: 2,
        asked: 'eu-west-1',
      },
    ])
  })
})
