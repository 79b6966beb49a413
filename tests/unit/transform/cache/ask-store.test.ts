import { describe, expect, it } from 'vitest'
import { makeFolder, writeProject } from '../../../support/project.ts'
import { dataOf, type Given, openCached, openFresh, settle } from './cached-project.ts'

/** A model that says when it is rendered. */
const noisy = (name: string, rest: string) => `{{ log('${name}', info=true) }} select ${rest}`
const files = {
  'dbt_project.yml': 'name: shop\nvars: {k: 1, other: 1}\n',
  'models/by_var.sql': noisy('by_var', "{{ var('k') }}"),
  'models/by_env.sql': noisy('by_env', "'{{ env_var('REGION', 'eu') }}'"),
  'models/by_target.sql': noisy('by_target', "'{{ target.name }}'"),
  'models/by_macro.sql': noisy('by_macro', '{{ outer() }}'),
  'models/by_config.sql': noisy('by_config', "'{{ config.get('owner', '') }}'"),
  'models/by_nothing.sql': noisy('by_nothing', "1 from {{ ref('by_var') }}"),
  'macros/outer.sql': '{% macro outer() %}{{ inner() }}{% endmacro %}',
  'macros/inner.sql': '{% macro inner() %}1{% endmacro %}',
  'macros/unused.sql': '{% macro unused() %}1{% endmacro %}',
}
const all = ['by_config', 'by_env', 'by_macro', 'by_nothing', 'by_target', 'by_var']

async function parsedProject() {
  const folder = await makeFolder()
  await writeProject(folder.path, files)
  await settle()
  expect((await openCached(folder.path)).logged).toEqual(all)
  return folder
}

async function renderedAfter(edit: Readonly<Record<string, string>>, given: Given = {}) {
  await using folder = await parsedProject()
  await writeProject(folder.path, { 'dbt_project.yml': files['dbt_project.yml'], ...edit })
  await settle()
  const { graph, logged } = await openCached(folder.path, given)
  expect(dataOf(graph)).toEqual(dataOf(await openFresh(folder.path, given)))
  return logged
}

describe('a change renders again what read it and nothing else:', () => {
  it.each<[string, Readonly<Record<string, string>>, Given, readonly string[]]>([
    ['a model', { 'models/by_nothing.sql': noisy('by_nothing', '2') }, {}, ['by_nothing']],
    ['a variable of the command line', {}, { vars: { k: 2 } }, ['by_var']],
    ['a variable that no model reads', {}, { vars: { other: 2 } }, []],
    [
      'a variable of the project',
      { 'dbt_project.yml': 'name: shop\nvars: {k: 2, other: 1}\n' },
      {},
      ['by_var'],
    ],
    ['the environment', {}, { environment: { REGION: 'us' } }, ['by_env']],
    ['the target', {}, { target: 'prod' }, ['by_target']],
    [
      'a macro that another macro calls',
      { 'macros/inner.sql': '{% macro inner() %}2{% endmacro %}' },
      {},
      ['by_macro'],
    ],
    ['a macro that nobody calls', { 'macros/unused.sql': '' }, {}, []],
    [
      'a new macro that takes the place of a function',
      { 'macros/new.sql': '{% macro env_var(name, other) %}x{% endmacro %}' },
      {},
      ['by_env'],
    ],
    [
      'what a schema file says of a model',
      { 'models/schema.yml': 'models: [{name: by_config, config: {meta: {owner: me}}}]' },
      {},
      ['by_config'],
    ],
  ])('%s', async (_, edit, given, rendered) => {
    expect(await renderedAfter(edit, given)).toEqual(rendered)
  })

  it('nothing, once it is back where it was one parse ago', async () => {
    await using folder = await parsedProject()
    expect((await openCached(folder.path, { target: 'prod' })).logged).toEqual(['by_target'])
    expect((await openCached(folder.path, { target: 'prod' })).logged).toEqual([])
  })
})
