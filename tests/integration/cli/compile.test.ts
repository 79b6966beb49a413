/** `millrace compile` over a database that holds something already. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { makeFolder, type TestFolder, writeProject } from '../../support/project.ts'

let folder: TestFolder

const increment = 'select 1 as id {% if is_incremental() %}where is_increment{% endif %}'

beforeAll(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, {
    'dbt_project.yml': 'name: shop\nprofile: shop\n',
    'profiles.yml': 'shop: {outputs: {default: {type: duckdb, path: shop.duckdb, threads: 1}}}',
    'models/daily.sql': `{{ config(materialized=var('daily', 'incremental')) }}${increment}`,
  })
})

afterAll(() => folder[Symbol.asyncDispose]())

const millrace = (...args: readonly string[]) =>
  runCli([...args, '--project-dir', folder.path], { cwd: folder.path })

async function compileAfterBuildingA(materialized: string): Promise<string> {
  const built = await millrace('run', '--vars', `{daily: ${materialized}}`, '--full-refresh')
  expect(built.code, built.stderr).toBe(0)
  return (await millrace('compile', '--select', 'daily')).stdout
}

describe('millrace compile', () => {
  it('gives an incremental model the SQL of its next run where its table stands', async () => {
    expect((await millrace('compile', '--select', 'daily')).stdout).not.toContain('is_increment')
    expect(await compileAfterBuildingA('table')).toContain('where is_increment')
  })

  it('gives it the SQL of a first run where a view stands', async () => {
    expect(await compileAfterBuildingA('view')).not.toContain('is_increment')
  })
})
