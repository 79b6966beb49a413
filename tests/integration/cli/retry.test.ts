import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { profileProject } from '../../support/profile-project.ts'

const files = {
  'models/good.sql': 'select 1 as id',
  'models/bad.sql': "select {{ var('broken', 1) }} as id, '{{ target.name }}' as place",
  'models/below.sql': "select * from {{ ref('bad') }}",
  'models/other.sql': 'select 1 as id',
}

const outputs = {
  dev: '{type: duckdb, path: shop.duckdb}',
  prod: '{type: duckdb, path: prod.duckdb}',
}

const results = async (path: string) => {
  const { args, results: all } = JSON.parse(
    await readFile(join(path, 'target/run_results.json'), 'utf8'),
  )
  const of = (one: { unique_id: string; status: string }) => `${one.unique_id}: ${one.status}`
  return { which: args.which, vars: args.vars, results: all.map(of).sort() }
}

describe('retry', () => {
  it('runs what failed and what was left out, with the options of the last command', async () => {
    const { path, millrace, query } = await profileProject(outputs, files)
    const options = ['--target', 'prod', '--vars', '{broken: nothing}', '--exclude', 'other']
    expect((await millrace(['build', ...options])).code).toBe(1)
    const again = await millrace(['retry'])
    expect(again.code).toBe(1)
    expect(again.stdout).toContain('TOTAL=2')
    const repaired = await millrace(['retry', '--vars', '{broken: 7}'])
    expect(repaired.code).toBe(0)
    expect(await results(path)).toEqual({
      which: 'build',
      vars: { broken: 7 },
      results: ['model.shop.bad: success', 'model.shop.below: success'],
    })
    expect(await query('prod.duckdb', 'from below')).toEqual([{ id: 7, place: 'prod' }])
    const done = await millrace(['retry'])
    expect(done).toMatchObject({ code: 0, stdout: '' })
    expect(done.stderr).toContain('Nothing to do: nothing failed in the last `build`.')
  })

  it('runs all of it again when nothing of it was published', async () => {
    const { millrace, query } = await profileProject(outputs, files)
    const broken = ['--vars', '{broken: nothing}']
    expect((await millrace(['run', '--publish', 'atomic', '-t', 'dev', ...broken])).code).toBe(1)
    const { code, stdout } = await millrace(['retry', '--vars', '{}'])
    expect(stdout).toContain('TOTAL=4')
    expect(code).toBe(0)
    expect(await query('shop.duckdb', 'from good')).toEqual([{ id: 1 }])
  })

  it('calls a macro again that failed, with its arguments', async () => {
    const { millrace, query } = await profileProject(outputs, {
      'macros/make.sql':
        "{% macro make(n) %}{% do run_query('create table made as select ' ~ n ~ ' as n from ready') %}{% endmacro %}",
      'models/ready.sql': 'select 1 as id',
    })
    const failed = await millrace(['run-operation', 'make', '--args', '{n: 3}', '-t', 'dev'])
    expect(failed.code).toBe(1)
    expect((await millrace(['retry'])).code).toBe(1)
    expect((await millrace(['run', '--no-write-json', '-t', 'dev'])).code).toBe(0)
    expect(await millrace(['retry'])).toMatchObject({ code: 0 })
    expect(await query('shop.duckdb', 'from made')).toEqual([{ n: 3 }])
  })

  it('takes up the run of another folder, and says when there is none', async () => {
    const { path, millrace } = await profileProject(outputs, files)
    const none = await millrace(['retry', '--state', 'earlier'])
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('cli/no-previous-run')
    const run = ['run', '-t', 'dev', '--target-path', 'earlier', '--vars', '{broken: nothing}']
    expect((await millrace(run)).code).toBe(1)
    const { code, stdout } = await millrace([
      'retry',
      '--state',
      'earlier',
      '--vars',
      '{broken: 1}',
    ])
    expect(stdout).toContain('TOTAL=2')
    expect(code).toBe(0)
    const file = join(path, 'target/run_results.json')
    await writeFile(file, JSON.stringify({ metadata: {}, results: [], args: {} }))
    expect((await millrace(['retry'])).stderr).toContain('model/unreadable-state')
  })
})
