import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { profileProject } from '../../support/profile-project.ts'

const outputs = { default: '{type: duckdb, path: shop.duckdb}' }

const macros = `
{% macro add(n, note='none') %}
  {% do run_query("create table if not exists noted (n integer, note varchar)") %}
  {% call statement('add') %}insert into noted values ({{ n }}, '{{ note }}'){% endcall %}
  {% if n == 13 %}{% do run_query('select * from nowhere') %}{% endif %}
  {{ print('there are ' ~ run_query('select count(*) from noted').rows[0][0]) }}
{% endmacro %}
{% macro in_one_go() %}
  {% do run_query('begin') %}
  {% do run_query("insert into noted values (55, 'own transaction')") %}
  {% do run_query('commit') %}
{% endmacro %}
{% macro of_model() %}{{ print(ref('a') ~ ' ' ~ target.name ~ ' ' ~ graph.nodes | length) }}{% endmacro %}
`

const files = {
  'macros/noted.sql': macros,
  'models/a.sql': 'select 1 as id',
  'packages.yml': 'packages: [{local: dbt_packages/tools}]',
  'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
  'dbt_packages/tools/macros/tools.sql':
    '{% macro hello(who) %}{{ print(greeting() ~ who) }}{% endmacro %}{% macro greeting() %}hello {% endmacro %}',
}

const noted = 'select * from noted order by all'

async function resultsOf(folder: string) {
  const text = await readFile(join(folder, 'target/run_results.json'), 'utf8')
  return JSON.parse(text).results.map(
    (result: Record<string, unknown>) =>
      [result['unique_id'], result['status'], result['failures']] as const,
  )
}

describe('millrace run-operation', () => {
  it('calls a macro with arguments, commits what it did, and leaves run_results.json', async () => {
    const project = await profileProject(outputs, files)
    const done = await project.millrace(['run-operation', 'add', '--args', '{n: 3, note: x}'])
    expect(done).toMatchObject({ code: 0 })
    expect(done.stdout).toBe('there are 1\n')
    expect(await project.query('shop.duckdb', noted)).toEqual([{ n: 3, note: 'x' }])
    expect(await resultsOf(project.path)).toEqual([['macro.shop.add', 'success', 0]])
    const own = await project.millrace(['run-operation', 'in_one_go'])
    expect(own).toMatchObject({ code: 0 })
    expect(await project.query('shop.duckdb', noted)).toHaveLength(2)
  })

  it('undoes the transaction of a macro that fails, and ends with 1', async () => {
    const project = await profileProject(outputs, files)
    const failed = await project.millrace(['run-operation', 'add', '--args', '{"n": 13}'])
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stderr).toContain('nowhere does not exist')
    expect(await project.query('shop.duckdb', noted)).toEqual([])
    expect(await resultsOf(project.path)).toEqual([['macro.shop.add', 'error', 1]])
  })

  it('tells its warnings, also when it fails', async () => {
    const project = await profileProject(outputs, {
      'macros/warn.sql':
        "{% macro warned() %}{% do exceptions.warn('careful') %}{% do run_query('select * from nope') %}{% endmacro %}{% macro only() %}{% do exceptions.warn('careful') %}{% endmacro %}",
    })
    const failed = await project.millrace(['run-operation', 'warned'])
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stderr).toMatch(/careful/)
    expect((await project.millrace(['run-operation', 'only'])).code).toBe(0)
    const asError = ['--warn-error-options', '{error: [JinjaLogWarning]}']
    const refused = await project.millrace(['run-operation', 'only', ...asError])
    expect(refused.code).toBe(1)
    expect((await project.millrace(['retry', '--no-warn-error'])).code).toBe(0)
  })

  it('finds macros of packages, with and without their name, and the project inside of them', async () => {
    const project = await profileProject(outputs, files)
    const named = await project.millrace(['run-operation', 'tools.hello', '--args', 'who: you'])
    expect(named.stdout).toBe('hello you\n')
    const silent = await project.millrace([
      ...['run-operation', 'tools.hello', '--args', 'who: you', '--no-print'],
    ])
    expect(silent).toMatchObject({ code: 0, stdout: '' })
    const model = await project.millrace(['run-operation', 'of_model'])
    expect(model.stdout).toContain('"shop"."main"."a" default 1')
  })

  it('runs a statement instead', async () => {
    const project = await profileProject(outputs, files)
    const sql = 'create table made as select {{ 1 + 1 }} as n'
    expect(await project.millrace(['run-operation', '--sql', sql])).toMatchObject({ code: 0 })
    expect(await project.query('shop.duckdb', 'from made')).toEqual([{ n: 2 }])
    expect(await resultsOf(project.path)).toEqual([
      ['sql_operation.shop.inline_query', 'success', 0],
    ])
  })

  it.each([
    ['without a macro', [], 'name a macro, or give --sql'],
    ['with a macro and a statement', ['add', '--sql', 'select 1'], 'name a macro, or give --sql'],
    [
      'with arguments of a statement',
      ['--sql', 'select 1', '--args', '{}'],
      '--sql takes no --args',
    ],
    ['with arguments that are a list', ['add', '--args', '[1]'], '--args is not a map'],
    ['with arguments that are no YAML', ['add', '--args', '{'], '--args is not YAML'],
    ['of a macro that is not there', ['ad'], 'There is no macro ad'],
  ])('is refused %s', async (_, args, message) => {
    const project = await profileProject(outputs, files)
    const refused = await project.millrace(['run-operation', ...args])
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toContain(message)
  })
})
