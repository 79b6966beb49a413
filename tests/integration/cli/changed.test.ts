import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { makeFolder, type TestFolder, writeProject } from '../../support/project.ts'

const project = {
  'millrace.yml':
    'name: t\ndefault_target: t\ntargets: {t: {services: external, lake: {catalog: sqlite, data_path: data/}}}\n',
  'seeds/countries.csv': 'code,name\nde,Germany\n',
  'models/sources.yml': 'sources: [{name: raw, schema: raw, tables: [{name: events}]}]',
  'models/events.sql': "select id, kind from {{ source('raw', 'events') }}",
  'models/kinds.sql':
    "{{ config(materialized='table') }}\nselect kind, count(*) as n from {{ ref('events') }} group by kind",
  'models/places.sql': "{{ config(materialized='table') }}\nselect * from {{ ref('countries') }}",
  'models/kinds.yml': 'models: [{name: kinds, columns: [{name: kind, data_tests: [unique]}]}]',
}

let folder: TestFolder

beforeEach(async () => {
  folder = await makeFolder()
  await writeProject(folder.path, project)
  await sql('create schema raw; create table raw.events as select 1 as id, 7 as kind')
  expect((await build()).code).toBe(0)
})

afterEach(() => folder[Symbol.asyncDispose]())

const inProject = ['--project-dir', '.']
const build = (...args: string[]) => runCli(['build', ...inProject, ...args], { cwd: folder.path })
const sql = async (text: string) => {
  const { code, stdout, stderr } = await runCli(['sql', '--write', text], { cwd: folder.path })
  expect([stderr.replace(/^\d+ rows? .*\n/, ''), code]).toEqual(['', 0])
  return stdout
}

/** What `build --changed` runs: name → reason. */
async function changed(...args: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await build('--changed', '--format', 'json', ...args)
  expect([stderr, code]).toEqual(['', 0])
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const reasons = events.filter(({ event }) => event === 'node.changed')
  const ran = events.filter(({ event }) => event === 'node.finished')
  expect(ran.map(({ unique_id }) => unique_id).sort()).toEqual(
    reasons.map(({ unique_id }) => unique_id).sort(),
  )
  return Object.fromEntries(reasons.map(({ unique_id, reason }) => [unique_id, reason]))
}

describe('build --changed', () => {
  it('has nothing to do when nothing has changed, and says so', async () => {
    expect(await changed()).toEqual({})
    const { stdout } = await build('--changed')
    expect(stdout).toBe('5 of 5 nodes are as they were built. Nothing to do.\n')
  })

  it('builds again what a rollback has put back', async () => {
    await writeProject(folder.path, {
      'models/kinds.sql': project['models/kinds.sql'].replace('count(*)', 'count(*) + 1'),
      'functions/one.sql': '1',
      'functions/one.yml': 'functions: [{name: one, returns: {data_type: bigint}}]',
    })
    await changed()
    const { stdout } = await runCli(['runs', '--format', 'json', ...inProject], {
      cwd: folder.path,
    })
    const [newest] = JSON.parse(stdout)
    const flags = [newest.run_id, ...inProject]
    expect((await runCli(['rollback', ...flags], { cwd: folder.path })).code).toBe(0)
    expect(Object.keys(await changed())).toEqual(
      expect.arrayContaining(['function.shop.one', 'model.shop.kinds']),
    )
    expect(await sql('select n from main.kinds')).toContain('2')
    expect(await changed()).toEqual({})
  })

  it('runs what stands below a source that has new rows, and its tests', async () => {
    await sql('insert into raw.events values (2, 8)')
    const reasons = await changed()
    expect(reasons).toMatchObject({
      'model.shop.events': 'source.shop.raw.events has changed',
      'model.shop.kinds': 'model.shop.events is built again',
    })
    expect(Object.keys(reasons).filter((id) => id.startsWith('test.'))).toHaveLength(1)
    expect(Object.keys(reasons)).toHaveLength(3)
    expect(await changed()).toEqual({})
  })

  it('runs what was edited, and what reads it', async () => {
    await writeFile(join(folder.path, 'seeds/countries.csv'), 'code,name\nfr,France\n')
    expect(await changed()).toEqual({
      'seed.shop.countries': 'its code has changed',
      'model.shop.places': 'seed.shop.countries is built again',
    })
    expect(await sql('from main.places')).toBe('{"code":"fr","name":"France"}\n')
  })

  it('runs again what somebody else has written over, or dropped', async () => {
    await sql('create or replace table main.places as select 1 as a')
    await sql('drop table main.kinds')
    expect(await changed()).toMatchObject({
      'model.shop.places': 'main.places was changed since',
      'model.shop.kinds': 'main.kinds is not there',
    })
  })

  it('runs what failed before, until it succeeds', async () => {
    await sql('insert into raw.events values (3, 9)')
    await writeFile(join(folder.path, 'models/places.sql'), 'select nothing from nowhere')
    const failed = await build('--changed')
    expect(failed.code).toBe(1)
    await writeFile(join(folder.path, 'models/places.sql'), project['models/places.sql'])
    expect(Object.keys(await changed())).toHaveLength(3)
    expect(await sql('select sum(n) as n from main.kinds')).toBe('{"n":2}\n')
  })

  it('runs in a later build what another selection has left behind', async () => {
    await sql('insert into raw.events values (4, 7)')
    expect(Object.keys(await changed('--select', 'events'))).toEqual(['model.shop.events'])
    expect(await changed()).toMatchObject({
      'model.shop.kinds': 'model.shop.events has changed',
    })
  })

  it('runs again what a run has filled with other rows than those that are there', async () => {
    expect((await build('--empty')).code).toBe(0)
    const all = Object.keys(await changed())
    expect(all).toEqual(expect.arrayContaining(['model.shop.kinds', 'seed.shop.countries']))
    expect(await sql('select sum(n) as n from main.kinds')).toBe('{"n":1}\n')
  })

  it('sees what nodes that are not selected have passed on, or lost', async () => {
    await sql('insert into raw.events values (5, 7)')
    expect(await changed('--select', 'kinds')).toMatchObject({
      'model.shop.kinds': 'source.shop.raw.events has changed',
    })
    await sql('create or replace view main.events as select 1 as id, 2 as kind')
    expect(await changed('--select', 'kinds')).toMatchObject({
      'model.shop.kinds': 'main.events was changed since',
    })
  })

  it('cannot count the rows of a source that is a view, so what reads it runs', async () => {
    await sql(
      'create table raw.kept as from raw.events; drop table raw.events; create view raw.events as from raw.kept',
    )
    await changed()
    await sql('insert into raw.kept values (6, 9)')
    expect(Object.keys(await changed())).toContain('model.shop.kinds')
    expect(await sql('select sum(n) as n from main.kinds')).toBe('{"n":2}\n')
  })

  it('runs a unit test that was edited, though its model was not', async () => {
    const unitTest = (n: number) =>
      `unit_tests: [{name: counts, model: kinds, given: [{input: ref('events'), rows: [{id: 1, kind: 7}]}], expect: {rows: [{kind: 7, n: ${n}}]}}]`
    await writeProject(folder.path, { ...project, 'models/unit.yml': unitTest(1) })
    expect(await changed()).toEqual({ 'unit_test.shop.kinds.counts': 'it has not succeeded yet' })
    expect(await changed()).toEqual({})
    await writeProject(folder.path, { ...project, 'models/unit.yml': unitTest(2) })
    expect((await build('--changed')).code).toBe(1)
  })

  it('takes an ephemeral model for a part of what reads it', async () => {
    const between = (factor: number) =>
      `{{ config(materialized='ephemeral') }}\nselect id * ${factor} as id from {{ ref('events') }}`
    const files = { ...project, 'models/reader.sql': "select id from {{ ref('between') }}" }
    await writeProject(folder.path, { ...files, 'models/between.sql': between(2) })
    expect(Object.keys(await changed())).toEqual(['model.shop.reader'])
    expect(await changed()).toEqual({})
    await writeProject(folder.path, { ...files, 'models/between.sql': between(3) })
    expect(await changed()).toEqual({ 'model.shop.reader': 'its code has changed' })
    await sql('insert into raw.events values (5, 5)')
    expect(await changed()).toMatchObject({
      'model.shop.reader': 'model.shop.events is built again',
    })
  })

  it('refuses a DuckDB file, which keeps no snapshots', async () => {
    await writeProject(folder.path, {
      'dbt_project.yml': 'name: shop\nprofile: shop\n',
      'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}',
    })
    const { code, stderr } = await build('--changed')
    expect(code).toBe(2)
    expect(stderr).toContain('--changed compares snapshots, and shop is a DuckDB file')
  })
})
