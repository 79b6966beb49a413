import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { dataOf, openCached, openFresh, renderedOf, renderFresh, settle } from './cached-project.ts'

const files = {
  'models/a.sql': "{{ config(tags=['x'], alias='y') }} select 1 as id",
  'models/b.sql': "select * from {{ ref('a') }}",
  'models/c.sql': "select {{ one() }} from {{ ref('b') }}",
  'models/hooked.sql': "{{ config(pre_hook='select 1') }} select 1",
  'models/bound.sql': 'select 1 as id',
  'models/schema.yml': `models:
  - {name: bound, constraints: [{type: unique, columns: [id]}]}
  - {name: a, columns: [{name: id, data_tests: [not_null]}]}
`,
  'macros/one.sql': '{% macro one() %}1{% endmacro %}',
  'snapshots/s.sql':
    "{% snapshot s %}{{ config(unique_key='id', strategy='check', check_cols='all') }}select 1 as id{% endsnapshot %}",
}

async function cachedProject(more: Readonly<Record<string, string>> = {}) {
  const folder = await makeFolder()
  await writeProject(folder.path, { ...files, ...more })
  await settle()
  await openCached(folder.path)
  return folder
}

async function afterEdit(folder: string, edits: Readonly<Record<string, string>>) {
  for (const [file, text] of Object.entries(edits)) writeFileSync(join(folder, file), text)
  const opened = await openCached(folder)
  expect(dataOf(opened.graph)).toEqual(dataOf(await openFresh(folder)))
  expect(await renderedOf(opened)).toEqual(await renderFresh(folder))
  return opened.made
}

it('an edited query makes its own node anew and no other', async () => {
  await using folder = await cachedProject()
  const edit = { 'models/b.sql': "-- why\nselect id from\n {{ ref('a') }}\n\n" }
  expect(await afterEdit(folder.path, edit)).toBe(1)
  await settle()
  // The cache is of the state before, and stays so.
  expect(await afterEdit(folder.path, {})).toBe(1)
  expect(await afterEdit(folder.path, { 'models/b.sql': files['models/b.sql'] })).toBe(0)
})

it('a few edited queries make a few nodes anew', async () => {
  await using folder = await cachedProject()
  const edits = {
    'models/b.sql': "select 2 from {{ ref('a') }}",
    'models/a.sql': "{{ config(tags=['x'], alias='y') }} select 2 as id",
  }
  expect(await afterEdit(folder.path, edits)).toBe(2)
})

it.each<[string, Readonly<Record<string, string>>]>([
  ['names another node', { 'models/b.sql': 'select 1' }],
  ['names one more', { 'models/b.sql': "select * from {{ ref('a') }} join {{ ref('hooked') }}" }],
  [
    'says its configs in another order',
    {
      'models/a.sql': "{{ config(alias='y', tags=['x']) }} select 1 as id",
    },
  ],
  [
    'writes its header another way',
    {
      'models/a.sql': "{{- config(tags=['x'], alias='y') }} select 1 as id",
    },
  ],
  ['reads a variable', { 'models/b.sql': "select {{ var('k', 1) }} from {{ ref('a') }}" }],
  ['has to be rendered', { 'models/c.sql': "select {{ one() }} as one from {{ ref('b') }}" }],
  ['has hooks', { 'models/hooked.sql': "{{ config(pre_hook='select 1') }} select 2" }],
  ['has constraints', { 'models/bound.sql': 'select 2 as id' }],
  ['defines a macro', { 'models/b.sql': "{% macro m() %}{% endmacro %}{{ ref('a') }}" }],
  ['is no model', { 'snapshots/s.sql': files['snapshots/s.sql'].replace('1 as id', '2 as id') }],
])('the project is parsed when an edited file %s', async (_, edits) => {
  await using folder = await cachedProject()
  expect(await afterEdit(folder.path, edits)).toBeGreaterThan(2)
})

it('the project is parsed when an edited file has a mistake', async () => {
  await using folder = await cachedProject()
  writeFileSync(join(folder.path, 'models/b.sql'), "select {{ ref('a') ")
  const { graph } = await openCached(folder.path)
  expect(graph.problems.map(({ at }) => at?.file)).toContain('models/b.sql')
})

it('the project is parsed when dbt’s plain names are macros of its own', async () => {
  await using folder = await cachedProject({
    'macros/ref.sql': '{% macro ref(name) %}{{ builtins.ref(name) }}{% endmacro %}',
  })
  const edit = { 'models/b.sql': "select 2 from {{ ref('a') }}" }
  expect(await afterEdit(folder.path, edit)).toBeGreaterThan(2)
})

it('the macros of the project are what they were after a model is parsed again', async () => {
  await using folder = await cachedProject()
  await afterEdit(folder.path, { 'models/b.sql': "select * from {{ ref('hooked') }}" })
  const { graph } = await openCached(folder.path)
  const { macros } = await openFresh(folder.path)
  expect(graph.macros.get('macro.shop.one')).toEqual(macros.get('macro.shop.one'))
  expect(graph.macros.size).toBe(macros.size)
})
