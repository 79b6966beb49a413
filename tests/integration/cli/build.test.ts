import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, startCli } from '../../support/cli.ts'
import { makeFolder, type TestFolder, writeProject } from '../../support/project.ts'

const millraceYml = `
name: shop
targets:
  local:
    services: external
    lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: data}
`

let folder: TestFolder

beforeAll(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, {
    'millrace.yml': millraceYml,
    'seeds/countries.csv': 'code,name\nde,Germany\nfr,\n',
    'seeds/countries.yml':
      'seeds: [{name: countries, columns: [{name: code, data_tests: [unique, not_null]}]}]',
    'models/named.sql':
      "{{ config(materialized='table') }} select * from {{ ref('countries') }} where name is not null",
    'models/named.yml':
      'models: [{name: named, columns: [{name: code, data_tests: [{accepted_values: {values: [de]}}]}]}]',
  })
})

afterAll(() => folder[Symbol.asyncDispose]())

const millrace = (...args: readonly string[]) => runCli([...args, '--project-dir', folder.path])

describe('millrace build', () => {
  it('prints the plan and changes nothing with --dry-run', async () => {
    const { code, stdout } = await millrace('build', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toMatch(/1 of 5 seed main.countries/)
    const { stdout: runs } = await millrace(
      'sql',
      'select table_name from information_schema.tables',
    )
    expect(runs).not.toMatch(/countries/)
  })

  it('loads seeds, builds models, runs tests, and says what readers see', async () => {
    const { code, stdout } = await millrace('build')
    expect(stdout).toMatch(/1 of 5 OK loaded seed file main.countries \.+ \[INSERT 2 in [\d.]+s\]/)
    expect(stdout).toMatch(/OK created sql table model main.named \.+ \[OK 1 row in/)
    expect(stdout).toMatch(/Completed successfully\n\nReaders see snapshot \d+\./)
    expect(stdout).toMatch(/Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=0 TOTAL=5\n$/)
    expect(code).toBe(0)
    const rows = await millrace('sql', 'from lake.main.named', '--format', 'ndjson')
    expect(rows.stdout).toBe('{"code":"de","name":"Germany"}\n')
  })

  it('prints some rows of the seeds with --show', async () => {
    const { code, stdout } = await millrace('seed', '--show')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Random sample of table: main\.countries\n\| code \| name\s+\|/)
    expect(stdout).toMatch(/\| de\s+\| Germany \|/)
    expect((await millrace('seed', '--show', '--quiet')).stdout).toBe('')
    await writeProject(folder.path, { 'seeds/broken.csv': 'a,b\n1\n', 'seeds/fresh.csv': 'a\n1\n' })
    const rolledBack = await millrace('seed', '--show')
    for (const name of ['broken', 'fresh']) await rm(join(folder.path, `seeds/${name}.csv`))
    expect(rolledBack.code).toBe(1)
    expect(rolledBack.stdout).not.toMatch(/Random sample/)
  })

  it('ends with 1 when a data test failed, and names failing rows', async () => {
    await writeProject(folder.path, { 'tests/no_rows.sql': "select * from {{ ref('named') }}" })
    const { code, stdout } = await millrace('build', '--format', 'json')
    await writeProject(folder.path, {
      'tests/no_rows.sql': "select * from {{ ref('named') }} where false",
    })
    expect(code).toBe(1)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.find(({ name }) => name === 'no_rows')).toMatchObject({
      status: 'fail',
      failures: 1,
      failing_rows: ['{"code":"de","name":"Germany"}'],
    })
    expect(lines.at(-1)).toMatchObject({ event: 'run.finished', outcome: 'rolled-back' })
  })

  it('runs what is selected only', async () => {
    const { code, stdout } = await millrace('test', '--select', 'countries')
    expect(code).toBe(0)
    expect(stdout).toMatch(/TOTAL=2/)
    const nothing = await millrace('run', '--select', 'nmaed')
    expect(nothing.code).toBe(0)
    expect(nothing.stderr).toMatch(
      /The selection criterion 'nmaed' does not match any enabled nodes/,
    )
  })

  it('takes warnings for errors with --warn-error: of the selection, the project, a node', async () => {
    const spelling = await millrace('run', '--warn-error')
    expect(spelling.code).toBe(2)
    expect(spelling.stderr).toMatch(/error\[model\/deprecated\] models\/named.yml/)
    await writeProject(folder.path, {
      'models/named.yml':
        'models: [{name: named, columns: [{name: code, data_tests: [{accepted_values: {arguments: {values: [de]}}}]}]}]',
    })
    const nothing = await millrace('run', '--warn-error', '--select', 'nmaed')
    expect(nothing.code).toBe(2)
    expect(nothing.stderr).toMatch(/error\[model\/no-nodes\]\s+The selection criterion 'nmaed'/)
    await writeProject(folder.path, {
      'dbt_project.yml': 'name: shop\nflags: {warn_error: true}\n',
    })
    const ofProject = await millrace('run', '--select', 'nmaed')
    const notNow = await millrace('run', '--select', 'nmaed', '--no-warn-error')
    await rm(join(folder.path, 'dbt_project.yml'))
    expect([ofProject.code, notNow.code]).toEqual([2, 0])
    await writeProject(folder.path, {
      'models/odd.sql':
        "{{ config(materialized='table', indexes=[{'columns': ['x']}]) }} select 1 as x",
      'tests/many.sql': "{{ config(severity='warn') }} select * from {{ ref('named') }}",
    })
    const warned = await millrace('build', '--select', 'odd', 'named', 'many')
    const refused = await millrace('build', '--select', 'odd', 'named', 'many', '--warn-error')
    await writeProject(folder.path, {
      'models/odd.sql':
        "{% if execute %}{% do exceptions.warn('careful') %}{% endif %} select 1 as x",
    })
    const careful = await millrace('run', '--select', 'odd')
    const tooCareful = await millrace('run', '--select', 'odd', '--warn-error')
    await rm(join(folder.path, 'models/odd.sql'))
    await rm(join(folder.path, 'tests/many.sql'))
    expect(warned).toMatchObject({ code: 0, stdout: expect.stringContaining('WARN=1') })
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/ERROR creating sql table model main.odd/)
    expect(refused.stdout).toMatch(/FAIL 1 many/)
    expect(careful.code).toBe(0)
    expect(careful.stdout + careful.stderr).toMatch(/careful/)
    expect(tooCareful.code).toBe(1)
    expect(tooCareful.stdout + tooCareful.stderr).toMatch(/careful/)
  })

  it('treats warnings by name with --warn-error-options, and those of the project by its flags', async () => {
    const only = (options: string) => ['--select', 'nmaed', '--warn-error-options', options]
    const refused = await millrace('run', ...only('{"error": ["NoNodesForSelectionCriteria"]}'))
    const silent = await millrace('run', ...only('{silence: [model/no-nodes]}'))
    const misspelt = await millrace('run', ...only('{silence: [NoNodesForSelectionCriterias]}'))
    const wrong = await millrace('run', ...only('{silence: all}'))
    expect([refused.code, silent.code, misspelt.code, wrong.code]).toEqual([2, 0, 0, 2])
    expect(refused.stderr).toMatch(/error\[model\/no-nodes\]/)
    expect(silent.stderr).not.toMatch(/nmaed/)
    expect(misspelt.stderr).toMatch(/did you mean NoNodesForSelectionCriteria\?/)
    expect(wrong.stderr).toMatch(/silence is not a list of names/)
    const idle = await millrace('run', ...only('{error: [NothingToDo]}'))
    const none = await millrace('ls', ...only('{error: [NoNodesSelected]}'))
    expect(idle.stderr).toMatch(/error\[model\/nothing-to-do\]/)
    expect(none.stderr).toMatch(/error\[model\/no-nodes-selected\]/)
    expect([idle.code, none.code]).toEqual([2, 2])
    await writeProject(folder.path, {
      'dbt_project.yml':
        'name: shop\nflags: {warn_error_options: {error: all, warn: [LogTestResult]}}\n',
      'tests/many.sql': "{{ config(severity='warn') }} select * from {{ ref('named') }}",
      'models/careful.sql':
        "{% if execute %}{% do exceptions.warn('careful') %}{% endif %} select 1 as x",
    })
    const listed = await millrace('ls', '--select', 'nmaed')
    const compiled = await millrace('compile', '--select', 'careful')
    const overridden = await millrace('compile', '-s', 'careful', '--warn-error-options', '{}')
    const built = await millrace('build', '--select', 'named', 'many', 'careful')
    for (const file of ['dbt_project.yml', 'tests/many.sql', 'models/careful.sql'])
      await rm(join(folder.path, file))
    expect([listed.code, compiled.code, overridden.code]).toEqual([2, 2, 0])
    expect(overridden.stderr).toMatch(/warning\[model\/template-warning\].*careful/)
    expect(built.code).toBe(1)
    expect(built.stdout).toMatch(/WARN 1 many/)
    expect(built.stdout).toMatch(/ERROR creating sql \w+ model main.careful/)
  })

  it('keeps the failing rows of every test with --store-failures', async () => {
    await writeProject(folder.path, {
      'tests/many.sql': "{{ config(severity='warn') }} select * from {{ ref('named') }}",
    })
    const { code } = await millrace('test', '--select', 'many', '--store-failures')
    await rm(join(folder.path, 'tests/many.sql'))
    expect(code).toBe(0)
    const kept = 'from lake.main_dbt_test__audit.many'
    expect((await millrace('sql', kept, '--format', 'ndjson')).stdout).toMatch(/Germany/)
  })

  it('ends with 2 and every problem when the project is wrong', async () => {
    await writeProject(folder.path, {
      'models/wrong.sql': "select * from {{ ref('country') }}",
      'models/worse.sql': 'select {{',
    })
    const { code, stderr } = await millrace('run')
    await writeProject(folder.path, {
      'models/wrong.sql': 'select 1 as x',
      'models/worse.sql': 'select 1 as x',
    })
    expect(code).toBe(2)
    expect(stderr).toMatch(/error\[model\/unknown-ref\] models\/wrong.sql:1:18/)
    expect(stderr).toMatch(/error\[model\/template-syntax\] models\/worse.sql:1:8/)
    expect((await millrace('run', '--vars', '[1]')).code).toBe(2)
    expect((await millrace('run', '--select', '@a+')).code).toBe(2)
  })

  it('is rolled back by Ctrl-C, says so and ends with 3', async () => {
    await writeProject(folder.path, {
      'models/endless.sql':
        "{{ config(materialized='table') }} select count(*) as n from range(10000000000) as a(x), range(1000) as b(y) where (x * y) % 7 = 3 -- {{ ref('named') }}",
    })
    const running = startCli(['run', '--project-dir', folder.path])
    await running.shows(/OK created sql table model main.named/)
    await new Promise((resolve) => setTimeout(resolve, 300))
    running.process.kill('SIGINT')
    const { code, stdout, stderr } = await running.finished
    await writeProject(folder.path, { 'models/endless.sql': 'select 1 as x' })
    expect(stderr).toMatch(/millrace run, with nothing published, was interrupted/)
    expect(stdout).toMatch(/Exited because of keyboard interrupt\n[\s\S]*Nothing was published/)
    expect(code).toBe(3)
  })

  it('says at once which source is missing and how to bring it', async () => {
    await writeProject(folder.path, {
      'models/events.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
      'models/counted.sql': "select count(*) as n from {{ source('raw', 'events') }}",
    })
    const { code, stderr } = await millrace('build')
    const named = await millrace('build', '--select', 'named')
    await millrace('sql', '--write', 'create schema raw; create view raw.events as select 1 as n')
    const later = await millrace('build', '--select', 'counted')
    await rm(join(folder.path, 'models/counted.sql'))
    await rm(join(folder.path, 'models/events.yml'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[cli\/source-missing\]\n {2}The lake has no raw\.events yet/m)
    expect(stderr).toContain('`millrace land --until-caught-up`')
    expect(named.code).toBe(0)
    expect(later.code, later.stderr).toBe(0)
  })
})

describe('millrace ls and compile', () => {
  it('print names, and the SQL that is sent', async () => {
    const { stdout } = await millrace(
      'ls',
      '--select',
      '+named',
      '--resource-type',
      'model',
      'seed',
    )
    expect(stdout).toBe('shop.named\nshop.countries\n')
    const compiled = await millrace('compile', '--select', 'named')
    expect(compiled.stdout).toBe('select * from "lake"."main"."countries" where name is not null\n')
    expect(compiled.code).toBe(0)
  })

  it('name the file that cannot be written', async () => {
    await rm(join(folder.path, 'target'), { recursive: true, force: true })
    await writeProject(folder.path, { target: 'a file where a folder is wanted' })
    const { code, stderr } = await millrace('compile', '--select', 'named')
    await rm(join(folder.path, 'target'))
    expect(stderr).toMatch(/^error\[cli\/cannot-write\]\n.*target\/compiled/m)
    expect(code).toBe(2)
  })
})
