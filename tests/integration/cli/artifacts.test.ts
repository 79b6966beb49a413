/** Commands that tell about a project, on a dbt project of its own with a DuckDB file as its database. */
import { once } from 'node:events'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ArtifactName, findArtifactFaults } from '../../support/artifact-keys.ts'
import { runCli, startCli } from '../../support/cli.ts'
import { makeFolder, type TestFolder, writeProject } from '../../support/project.ts'

let folder: TestFolder

beforeAll(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, {
    'dbt_project.yml': 'name: shop\nprofile: shop\nmodels: {shop: {+tags: [all]}}',
    'profiles.yml':
      'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, threads: 1}}}',
    'seeds/people.csv': 'id,name\n1,Ann\n2,Bob\n',
    'models/named.sql':
      "{{ config(materialized='table') }}\nselect * from {{ ref('short') }} where name <> ''",
    'models/short.sql': "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('people') }}",
    'models/schema.yml': `
models:
  - name: named
    description: People with a name.
    columns: [{name: id, description: The key., data_tests: [unique, not_null]}]
sources: [{name: raw, database: shop, schema: main, tables: [{name: people}]}]
exposures: [{name: page, type: dashboard, owner: {name: Ann}, depends_on: [ref('named')]}]
`,
    'selectors.yml': 'selectors: [{name: keys, description: Tested, definition: "named+"}]',
  })
})

afterAll(() => folder[Symbol.asyncDispose]())

// A relative path of a profile is taken from where the command runs, as in dbt.
const millrace = (...args: readonly string[]) =>
  runCli([...args, '--project-dir', folder.path], { cwd: folder.path })

/** The answer to a page whose own name was pointed at this machine. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const request = get(url, { headers: { host } })
  const [response]: IncomingMessage[] = await once(request, 'response')
  response?.resume()
  return response?.statusCode
}

async function readTarget(name: string): Promise<Record<string, Record<string, never>>> {
  return JSON.parse(await readFile(join(folder.path, 'target', name), 'utf8'))
}

async function faultsOf(name: ArtifactName): Promise<string[]> {
  return findArtifactFaults(name, await readTarget(`${name}.json`))
}

describe('millrace parse', () => {
  it('writes a manifest as dbt does and prints nothing on stdout', async () => {
    const { code, stdout, stderr } = await millrace('parse')
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/Parsed \d+ nodes, 1 sources and \d+ macros in [\d.]+ s/)
    expect(await faultsOf('manifest')).toEqual([])
    const { child_map: children } = await readTarget('manifest.json')
    expect(children?.['model.shop.named']).toContain('exposure.shop.page')
    const summary = await readTarget('graph_summary.json')
    expect(JSON.stringify(summary)).toContain('"source.shop.raw.people"')
  })

  it('writes where it is told, and nothing when it is told so', async () => {
    await millrace('parse', '--target-path', 'elsewhere', '--no-write-json')
    await expect(stat(join(folder.path, 'elsewhere'))).rejects.toThrow()
    await millrace('parse', '--target-path', 'elsewhere', '--log-path', 'noise')
    expect((await stat(join(folder.path, 'elsewhere/manifest.json'))).isFile()).toBe(true)
    expect(await readFile(join(folder.path, 'noise/dbt.log'), 'utf8')).toMatch(/Parsed \d+ nodes/)
  })
})

describe('millrace ls', () => {
  it('prints the keys that are asked for, nested ones too', async () => {
    const { stdout } = await millrace(
      ...['list', '-s', 'named', '--resource-type', 'model', '--output', 'json'],
      ...['--output-keys', 'name', 'config.materialized', 'config.group'],
    )
    expect(JSON.parse(stdout)).toEqual({ name: 'named', 'config.materialized': 'table' })
  })

  it('prints the keys of dbt when none are asked for', async () => {
    const { stdout } = await millrace('ls', '-s', 'raw.people source:raw', '--output', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      unique_id: 'source.shop.raw.people',
      source_name: 'raw',
      resource_type: 'source',
    })
  })
})

describe('millrace list-selection', () => {
  it('prints the selections of the project, or what one holds', async () => {
    expect((await millrace('list-selection')).stdout).toMatch(/^keys {2}\d+ nodes {2}Tested\n$/)
    expect((await millrace('list-selection', 'keys')).stdout.split('\n')).toContain(
      'shop.not_null_named_id',
    )
    const { code, stderr } = await millrace('list-selection', 'kys')
    expect(code).toBe(2)
    expect(stderr).toMatch(/keys/)
  })
})

describe('millrace build', () => {
  it('leaves results, compiled and sent SQL, and a log of every statement', async () => {
    const { code, stderr } = await millrace('build', '--exclude', 'page')
    expect(code, stderr).toBe(0)
    expect(await faultsOf('run_results')).toEqual([])
    expect(await faultsOf('manifest')).toEqual([])
    const { args, results } = await readTarget('run_results.json')
    expect(args).toMatchObject({ which: 'build', exclude: ['page'] })
    expect(results).toContainEqual(
      expect.objectContaining({
        unique_id: 'model.shop.named',
        status: 'success',
        compiled: true,
        relation_name: '"shop"."main"."named"',
      }),
    )
    const { nodes } = await readTarget('manifest.json')
    expect(nodes?.['model.shop.named']).toMatchObject({
      compiled_path: 'target/compiled/shop/models/named.sql',
      build_path: 'target/run/shop/models/named.sql',
      extra_ctes: [{ id: 'model.shop.short' }],
    })
    const sent = await readFile(join(folder.path, 'target/run/shop/models/named.sql'), 'utf8')
    expect(sent).toMatch(/create or replace table "shop"\."main"\."named"/)
    const log = await readFile(join(folder.path, 'logs/query_log.sql'), 'utf8')
    expect(log).toMatch(/-- node_id: model\.shop\.named\n-- elapsed: \d+ms\n-- outcome: success\n/)
  })
})

describe('millrace test', () => {
  it('reports what failed, with the code that was compiled', async () => {
    const broken = 'tests/nobody.sql'
    await writeProject(folder.path, {
      [broken]: "select * from {{ ref('named') }}",
      'dbt_project.yml': 'name: shop\nprofile: shop\nmodels: {shop: {+tags: [all]}}',
    })
    try {
      expect((await millrace('test', '-s', 'nobody')).code).toBe(1)
    } finally {
      await rm(join(folder.path, broken))
    }
    expect(await faultsOf('run_results')).toEqual([])
    expect(await readTarget('run_results.json')).toMatchObject({
      args: { which: 'test' },
      results: [
        {
          unique_id: 'test.shop.nobody',
          status: 'fail',
          failures: 2,
          compiled_code: 'select * from "shop"."main"."named"',
        },
      ],
    })
  })

  it('does not fail for artifacts that cannot be written', async () => {
    const { code, stderr } = await millrace('test', '--target-path', 'dbt_project.yml/target')
    expect(code).toBe(0)
    expect(stderr).toMatch(/warning: no artifacts of this run: .*dbt_project\.yml/)
  })
})

describe('millrace compile', () => {
  it('prints a named model as SQL and lays it where dbt does', async () => {
    const { code, stdout } = await millrace('compile', '-s', 'named')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^with __dbt__cte__short as/)
    const file = join(folder.path, 'target/compiled/shop/models/named.sql')
    expect((await readFile(file, 'utf8')).trim()).toBe(stdout.trim())
    const test = 'target/compiled/shop/models/schema.yml/unique_named_id.sql'
    expect((await stat(join(folder.path, test))).isFile()).toBe(true)
  })

  it('compiles a query of the command line, which is no node of the manifest', async () => {
    const sql = "select * from {{ ref('named') }}"
    const { stdout } = await millrace('compile', '--inline', sql, '--output', 'json')
    expect(JSON.parse(stdout)).toEqual({ compiled: 'select * from "shop"."main"."named"' })
    expect(JSON.stringify(await readTarget('manifest.json'))).not.toContain('inline_query')
  })

  it('says where the query of the command line is wrong', async () => {
    const { code, stderr } = await millrace('compile', '--inline', "select {{ ref('nobody') }}")
    expect(code).toBe(2)
    expect(stderr).toMatch(/--inline:1/)
  })
})

describe('millrace show', () => {
  it('prints the first rows of a model as a table', async () => {
    const { code, stdout } = await millrace('show', '-s', 'named', '--limit', '1')
    expect(code).toBe(0)
    expect(stdout).toBe("Previewing node 'named':\n| id | name |\n| -- | ---- |\n|  1 | Ann  |\n\n")
  })

  it('prints rows of a query and of a seed as JSON', async () => {
    const sql = "select count(*) as n, null as x from {{ ref('people') }}"
    const inline = await millrace('show', '--inline', sql, '--output', 'json')
    expect(JSON.parse(inline.stdout)).toEqual({ show: [{ n: 2, x: null }] })
    const seed = await millrace('show', '-s', 'people', '--limit', '-1', '--output', 'json')
    expect(JSON.parse(seed.stdout)).toMatchObject({ node: 'people', show: [{}, {}] })
  })

  it('says what is wrong with a query, and that something has to be said', async () => {
    const wrong = await millrace('show', '--inline', 'select nothing')
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
    expect(wrong.stderr).toMatch(/cli\/show-failed.*\n.*inline_query cannot be shown/)
    expect(wrong.stderr).toMatch(/^error\[cli\/show-failed\] --inline:1$/m)
    expect(wrong.stderr).toMatch(/^ {2}LINE 1: select nothing$/m)
    expect(await millrace('show')).toMatchObject({ code: 2 })
  })

  it('names the file and the line of the compiled code where DuckDB does', async () => {
    const file = 'models/unsound.sql'
    const sql =
      "{{ config(materialized='view') }}\n\nselect\n  id,\n  nope\nfrom {{ ref('people') }}\n"
    await writeFile(join(folder.path, file), sql)
    const { code, stderr } = await millrace('show', '-s', 'unsound')
    await rm(join(folder.path, file))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[cli\/show-failed\] models\/unsound.sql$/m)
    expect(stderr).toMatch(/^ {2}LINE 5: {3}nope$/m)
    const [, path = '', line] = /^ {2}compiled code at (.*):(\d+)$/m.exec(stderr) ?? []
    expect(path).toBe('target/compiled/shop/models/unsound.sql')
    const compiled = await readFile(join(folder.path, path), 'utf8')
    expect(compiled.split('\n')[Number(line) - 1]).toBe('  nope')
  })
})

describe('millrace docs', () => {
  it('writes a catalog of what is there, and a page', async () => {
    const { code, stderr } = await millrace('docs', 'generate', '--static')
    expect(code, stderr).toBe(0)
    expect(await faultsOf('catalog')).toEqual([])
    const { nodes, sources } = await readTarget('catalog.json')
    expect(nodes?.['model.shop.named']).toMatchObject({
      metadata: { type: 'BASE TABLE', database: 'shop' },
      columns: { id: { type: 'INTEGER', index: 1 } },
      stats: { row_count: { value: 2 } },
    })
    expect(Object.keys(sources ?? {})).toEqual(['source.shop.raw.people'])
    const page = await readFile(join(folder.path, 'target/static_index.html'), 'utf8')
    expect(page).toContain('People with a name.')
  })

  it('asks nothing of the database for an empty catalog', async () => {
    await millrace('docs', 'generate', '--empty-catalog', '--no-compile', '--target-path', 'empty')
    const text = await readFile(join(folder.path, 'empty/catalog.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ nodes: {}, sources: {} })
    await expect(stat(join(folder.path, 'empty/compiled'))).rejects.toThrow()
  })

  it('serves the page and the artifacts, and nothing else of the folder', async () => {
    const cli = startCli(['docs', 'serve', '--port', '0', '--project-dir', folder.path], {
      cwd: folder.path,
    })
    try {
      const [, url] = /Serving (\S+)/.exec(await cli.shows(/Serving \S+/)) ?? []
      expect(await (await fetch(`${url}/`)).text()).toMatch(/^<!doctype html>/)
      const manifest: unknown = await (await fetch(`${url}/manifest.json`)).json()
      expect(manifest).toHaveProperty('metadata.project_name', 'shop')
      expect((await fetch(`${url}/run_results.json`)).status).toBe(404)
      expect((await fetch(`${url}/..%2fdbt_project.yml`)).status).toBe(404)
      expect((await fetch(`${url}/manifest.json`, { method: 'POST' })).status).toBe(405)
      expect(await statusFor(`${url}/manifest.json`, 'evil.example')).toBe(421)
    } finally {
      cli.process.kill('SIGINT')
      expect((await cli.finished).code).toBe(0)
    }
  })

  it('says so when there is nothing to serve', async () => {
    const { code, stderr } = await millrace('docs', 'serve', '--target-path', 'nowhere')
    expect(code).toBe(2)
    expect(stderr).toMatch(/docs generate/)
  })
})
