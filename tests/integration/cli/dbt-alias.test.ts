/** The `dbt` command on a project of its own: what tools that call dbt see. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { cacheDir } from '../../support/extension-directory.ts'
import { makeFolder, type TestFolder, writeProject } from '../../support/project.ts'

let folder: TestFolder

beforeAll(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, {
    'dbt_project.yml': 'name: shop\nprofile: shop\n',
    'profiles.yml': `
shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}, prod: {type: duckdb, path: prod.duckdb}}}
`,
    'seeds/people.csv': 'id,name\n1,Ann\n2,Bob\n',
    'models/named.sql': "select *, '{{ target.name }}' as built_for from {{ ref('people') }}",
    'models/bad.sql': "select nope from {{ ref('named') }}",
    'models/schema.yml': 'models: [{name: named, columns: [{name: id, data_tests: [unique]}]}]\n',
  })
})

afterAll(() => folder[Symbol.asyncDispose]())

const dbt = (args: readonly string[], env: Record<string, string> = {}, cwd = folder.path) => {
  const home = { HOME: folder.path, MILLRACE_CACHE_DIR: cacheDir }
  const none = { DBT_PROFILES_DIR: '', DBT_PROFILE: '', DBT_TARGET: '' }
  return runCli(args, { command: 'dbt', cwd, env: { ...home, ...none, ...env } })
}

describe('dbt', () => {
  it('tells its version without a project, on stdout alone', async () => {
    const { code, stdout, stderr } = await dbt(['--version'], {}, '/')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(/installed:.*/.exec(stdout)?.[0]).toBe('installed: 1.12.6')
  })

  it('prints what a macro prints on stdout, lines as wide as was asked, and heeds the version or not', async () => {
    const path = join(folder.path, 'printing')
    await mkdir(path)
    await writeProject(path, {
      'dbt_project.yml':
        'name: printing\nprofile: printing\nrequire-dbt-version: "<1.0.0"\nflags: {printer_width: 50}\n',
      'profiles.yml':
        'printing: {target: dev, outputs: {dev: {type: duckdb, path: other.duckdb}}}\n',
      'macros/hello.sql':
        '{% macro hello() %}{{ print("hello") }}{{ log("logged", info=true) }}{% endmacro %}',
      'models/a.sql': 'select 1 as id',
    })
    const there = (...args: string[]) => dbt(args, {}, path)
    const refused = await there('run')
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toMatch(/wrong-dbt-version/)

    const widthOf = (text: string) => / OK created .*?(?= \[)/.exec(text)?.[0].length
    const ofProject = await there('run', '--no-version-check')
    expect(ofProject, ofProject.stderr).toMatchObject({ code: 0 })
    const wider = await there('--printer-width', '90', 'run', '--no-version-check')
    expect(Number(widthOf(wider.stdout)) - Number(widthOf(ofProject.stdout))).toBe(40)

    const asUsual = await there('--printer-width', '80', 'run', '--no-version-check')
    expect(Number(widthOf(asUsual.stdout)) - Number(widthOf(ofProject.stdout))).toBe(30)
    expect((await there('debug')).code).toBe(1)
    expect((await there('debug', '--no-version-check')).code).toBe(0)
    expect((await there('retry', '--no-version-check')).code).toBe(0)

    const called = await there('--no-version-check', 'run-operation', 'hello')
    expect(called).toMatchObject({ code: 0, stdout: 'hello\n' })
    expect(called.stderr).toContain('logged')
    const silent = await there('run-operation', 'hello', '--no-version-check', '--no-print')
    expect(silent).toMatchObject({ code: 0, stdout: '' })
  })

  it('builds with flags on both sides of the command, and keeps what dbt keeps', async () => {
    const args = ['--no-use-colors', '--fail-fast', 'build', '--exclude', 'bad', '--threads', '2']
    const { code, stdout, stderr } = await dbt([...args, '--cache-selected-only'])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/Done\. PASS=3 WARN=0 ERROR=0 SKIP=0/)
    const results = JSON.parse(await readFile(join(folder.path, 'target/run_results.json'), 'utf8'))
    expect(results.args.invocation_command).toBe(
      `dbt ${[...args, '--cache-selected-only'].join(' ')}`,
    )
  })

  it('lists nodes as JSON with the keys that are asked for', async () => {
    const keys = ['--output', 'json', '--output-keys', 'name resource_type']
    const { code, stdout, stderr } = await dbt(['ls', '-m', '+named', ...keys])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ name: 'named', resource_type: 'model' }])
  })

  it('finds the project from a folder inside it', async () => {
    const inside = join(folder.path, 'models', 'deep')
    await mkdir(join(inside, '.env'), { recursive: true }) // a folder, as of a Python environment
    const { code, stdout, stderr } = await dbt(['-q', 'ls', '--profiles-dir', '../..'], {}, inside)
    expect(code, stderr).toBe(0)
    expect(stdout.split('\n')).toContain('shop.named')
  })

  it('takes flags from variables, from the nearest .env too, and the command line before them', async () => {
    const compiled = async (args: readonly string[], env: Record<string, string> = {}) =>
      (await dbt(['-q', 'compile', '-s', 'named', ...args], env)).stdout
    expect(await compiled([])).toContain("'dev'")
    expect(await compiled([], { DBT_ENGINE_TARGET: 'prod' })).toContain("'prod'")
    await writeFile(join(folder.path, '.env'), 'DBT_ENGINE_TARGET=prod\n')
    expect(await compiled([])).toContain("'prod'")
    expect(await compiled(['-t', 'dev'])).toContain("'dev'")
    await writeFile(join(folder.path, '.env'), '')
  })

  it('prints nothing of a quiet run that goes well', async () => {
    const good = await dbt(['--quiet', 'run', '-s', 'named'])
    expect(good).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  it('shows a query', async () => {
    const { stdout } = await dbt(['-q', 'show', '--inline', 'select 1 as a'])
    expect(stdout).toBe('| a |\n| - |\n| 1 |\n\n')
  })

  it('ends with 1 when a node fails and with 2 when the command cannot begin', async () => {
    const failed = await dbt(['-q', 'run'])
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/bad/)
    expect((await dbt(['run', '--target', 'nope'])).code).toBe(2)
    await writeFile(join(folder.path, 'held.duckdb'), 'this is no database, and long enough')
    const profile = 'shop: {outputs: {default: {type: duckdb, path: held.duckdb}}}'
    await mkdir(join(folder.path, 'other'))
    await writeFile(join(folder.path, 'other/profiles.yml'), profile)
    expect((await dbt(['run', '--profiles-dir', 'other'])).code).toBe(2)
  })

  it('complains of unknown flags and commands as dbt does', async () => {
    const { code, stdout, stderr } = await dbt(['run', '--selct', 'x'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      "Usage: dbt run [OPTIONS]\nTry 'dbt run --help' for help.\n\nError: No such option '--selct'. Did you mean '--select'?\n",
    )
    expect((await dbt(['bulid'])).stderr).toMatch(
      /No such command 'bulid'\. Did you mean 'build'\?/,
    )
  })

  it('prints its help, also when nothing was asked', async () => {
    expect(await dbt(['run', '--help'])).toMatchObject({ code: 0, stderr: '' })
    expect(await dbt([])).toMatchObject({ code: 2, stdout: '' })
  })
})
