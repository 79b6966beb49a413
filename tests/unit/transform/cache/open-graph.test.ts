import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import {
  dataOf,
  type Given,
  openCached,
  openFresh,
  parseFresh,
  renderedOf,
  settle,
} from './cached-project.ts'

const files = {
  'models/a.sql': "{{ config(tags=['x']) }} select 1 as id",
  'models/b.sql': "select * from {{ ref('a') }} where k = '{{ var('k', 'none') }}'",
  'models/c.sql': "select '{{ env_var('REGION', 'eu') }}' as region from {{ ref('b') }}",
  'models/schema.yml': `models:
  - name: a
    columns: [{name: id, data_tests: [not_null]}]
`,
  'macros/m.sql': '{% macro m() %}1{% endmacro %}',
}
const cacheFile = 'target/partial_parse.millrace'

async function cachedProject(given: Given = {}, own: Readonly<Record<string, string>> = files) {
  const folder = await makeFolder()
  await writeProject(folder.path, own)
  await settle()
  const first = await openCached(folder.path, given)
  expect(first.wasParsed).toBe(true)
  return folder
}

async function expectFresh(folder: string, wasParsed: boolean, given: Given = {}) {
  const opened = await openCached(folder, given)
  expect(opened.wasParsed).toBe(wasParsed)
  expect(dataOf(opened.graph)).toEqual(dataOf(await openFresh(folder, given)))
}

describe('a project that has not changed', () => {
  it('is not parsed again', async () => {
    await using folder = await cachedProject()
    await expectFresh(folder.path, false)
  })

  it('is not parsed again when files look newer and hold what they held', async () => {
    await using folder = await cachedProject()
    await writeProject(folder.path, files)
    await settle()
    await expectFresh(folder.path, false)
    await expectFresh(folder.path, false)
  })

  it('is the same whatever its variables are that no template reads', async () => {
    await using folder = await cachedProject({ environment: { HOME: '/a', REGION: 'us' } })
    await expectFresh(folder.path, false, { environment: { HOME: '/b', REGION: 'us', X: '1' } })
  })

  const projects = join(import.meta.dirname, '../../../conformance/projects')
  it.each(readdirSync(projects))('reads and renders as it was parsed: %s', async (name) => {
    await using folder = await makeFolder()
    await cp(join(projects, name), folder.path, { recursive: true })
    await settle()
    const given = { environment: { DBT_REGION: 'eu' } }
    const parsed = await parseFresh(folder.path, given)
    const fresh = { data: dataOf(parsed.graph), rendered: await renderedOf(parsed) }
    for (let run = 0; run < 2; run++) {
      const opened = await openCached(folder.path, given)
      expect({ data: dataOf(opened.graph), rendered: await renderedOf(opened) }).toEqual(fresh)
    }
  })
})

describe('a project is parsed again after a change of', () => {
  it.each([
    ['a model', { 'models/a.sql': 'select 2 as id' }],
    ['a schema file', { 'models/schema.yml': 'models: [{name: a, description: new}]' }],
    ['a macro', { 'macros/m.sql': '{% macro m() %}2{% endmacro %}' }],
    ['the project file', { 'dbt_project.yml': 'name: shop\nmodels: {+tags: [all]}\n' }],
    ['the list of files', { 'models/deep/er/d.sql': 'select 1' }],
    ['a file that was not there', { 'selectors.yml': 'selectors: []' }],
    ['what is ignored', { '.dbtignore': 'c.sql' }],
    [
      'the packages',
      { 'dbt_packages/p/dbt_project.yml': 'name: p', 'dbt_packages/p/macros/x.sql': '' },
    ],
  ])('%s', async (_, edit) => {
    await using folder = await cachedProject()
    for (const [file, text] of Object.entries(edit)) {
      await writeProject(folder.path, { 'dbt_project.yml': 'name: shop\n', [file]: text })
    }
    await settle()
    await expectFresh(folder.path, true)
    await expectFresh(folder.path, false)
  })

  it.each<[string, Given]>([
    ['a variable of the command line', { vars: { k: 'v' } }],
    ['a variable of the environment that a template reads', { environment: { REGION: 'us' } }],
    ['the target', { target: 'prod' }],
  ])('%s', async (_, given) => {
    await using folder = await cachedProject()
    await expectFresh(folder.path, true, given)
    await expectFresh(folder.path, true)
  })

  it('a file whose times and size were put back', async () => {
    await using folder = await cachedProject()
    const file = join(folder.path, 'models/b.sql')
    const { atime, mtime } = statSync(file)
    writeFileSync(file, readFileSync(file, 'utf8').replace("ref('a')", "ref('c')"))
    utimesSync(file, atime, mtime)
    await settle()
    const { graph, wasParsed } = await openCached(folder.path)
    expect(wasParsed).toBe(true)
    expect(graph.problems.map(({ code }) => code)).toContain('model/cycle')
  })

  it('the name of a file, and a file that is gone', async () => {
    await using folder = await cachedProject()
    await rename(join(folder.path, 'models/c.sql'), join(folder.path, 'models/d.sql'))
    await settle()
    await expectFresh(folder.path, true)
    await rm(join(folder.path, 'models/d.sql'))
    await expectFresh(folder.path, true)
  })

  it('the release of Millrace', async () => {
    await using folder = await cachedProject()
    expect((await openCached(folder.path, {}, 'another')).wasParsed).toBe(true)
  })
})

describe('what is not kept', () => {
  it('is a project with problems', async () => {
    await using folder = await makeFolder()
    await writeProject(folder.path, { 'models/a.sql': "select * from {{ ref('nowhere') }}" })
    await settle()
    for (let run = 0; run < 2; run++) {
      const { graph, wasParsed } = await openCached(folder.path)
      expect(graph.problems.map(({ code }) => code)).toEqual(['model/unknown-ref'])
      expect(wasParsed).toBe(true)
    }
  })

  it('is a project whose templates read the clock', async () => {
    const text = "{{ config(tags=[run_started_at.strftime('%H')]) }} select 1"
    await using folder = await cachedProject({}, { 'models/a.sql': text })
    await expectFresh(folder.path, true)
  })

  it('is a project that was edited while it was read', async () => {
    await using folder = await makeFolder()
    await writeProject(folder.path, files)
    await openCached(folder.path)
    await expectFresh(folder.path, true)
  })
})

describe('a cache that is', () => {
  it('cut short anywhere is as good as none', { timeout: 30_000 }, async () => {
    await using folder = await cachedProject()
    const file = join(folder.path, cacheFile)
    const whole = readFileSync(file)
    const fresh = dataOf(await openFresh(folder.path))
    for (let size = 0; size < whole.length; size += Math.ceil(whole.length / 40)) {
      writeFileSync(file, whole.subarray(0, size))
      const { graph, wasParsed } = await openCached(folder.path)
      expect(wasParsed).toBe(true)
      expect(dataOf(graph)).toEqual(fresh)
    }
  })

  it('damaged anywhere is never taken for another graph', { timeout: 30_000 }, async () => {
    await using folder = await cachedProject()
    const file = join(folder.path, cacheFile)
    const whole = readFileSync(file)
    const fresh = dataOf(await openFresh(folder.path))
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 60)) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      writeFileSync(file, damaged)
      expect(dataOf((await openCached(folder.path)).graph)).toEqual(fresh)
    }
  })

  it('written by many at once is whole', async () => {
    await using folder = await makeFolder()
    await writeProject(folder.path, files)
    await settle()
    await Promise.all(Array.from({ length: 8 }, () => openCached(folder.path)))
    await expectFresh(folder.path, false)
    expect(readdirSync(join(folder.path, 'target'))).toEqual(['partial_parse.millrace'])
  })
})
