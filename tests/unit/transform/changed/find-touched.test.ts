import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { findTouched, parsedState } from '../../../../transform/changed/find-touched.ts'
import { logicReader } from '../../../../transform/changed/logic.ts'
import { compileFiles, type Files } from '../../../support/project.ts'

const files: Files = {
  'seeds/s.csv': 'x\n1\n',
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: t}]}]',
  'models/inner.sql':
    "{{ config(materialized='ephemeral') }} select * from {{ source('raw', 't') }}",
  'models/a.sql': "select {{ half('x') }} as x from {{ ref('s') }}",
  'models/b.sql': "select * from {{ ref('a') }} join {{ ref('inner') }} using (x)",
  'models/apart.sql': 'select 1 as x',
  'models/all.yml': `
models: [{name: a, columns: [{name: x, data_tests: [not_null]}]}]
unit_tests:
  - {name: u, model: apart, given: [], expect: {rows: [{x: 1}]}}`,
  'macros/half.sql': '{% macro half(c) %}{{ c }} / 2{% endmacro %}',
}

async function stateOf(all: Files) {
  const { graph } = await compileFiles(all)
  const inputs = { graph, vars: {}, environment: {}, target: {}, release: '1' }
  return parsedState(graph, logicReader({ ...inputs, sha256: (text) => hash('sha256', text) }))
}

/** Name → why, of what the change touches. */
async function touched(change: Files, isEdited: (path: string) => boolean = () => false) {
  const { reasons } = findTouched(
    await stateOf(files),
    await stateOf({ ...files, ...change }),
    isEdited,
  )
  return Object.fromEntries([...reasons].map(([id, reason]) => [nameOf(id), nameOf(reason)]))
}

/** Without package and hash. */
function nameOf(text: string): string {
  return text.replace(/\.\w+\.(\w+)(?:\.[0-9a-f]{10})?/, '.$1')
}

describe('what edits touch', () => {
  it('is nothing when only comments are other ones', async () => {
    expect(await touched({ 'models/a.sql': `-- new\n${files['models/a.sql']}` })).toEqual({})
  })

  it('is what was edited, what reads it, and the tests of both', async () => {
    expect(await touched({ 'models/a.sql': "select 3 as x from {{ ref('s') }}" })).toEqual({
      'model.a': 'its code has changed',
      'model.b': 'model.a is built again',
      'test.not_null_a_x': 'model.a is built again',
    })
    expect(await touched({ 'seeds/s.csv': 'x\n2\n' })).toMatchObject({
      'seed.s': 'its code has changed',
      'model.a': 'seed.s is built again',
    })
  })

  it('reaches through ephemeral models, from macros and from sources', async () => {
    const inner = "{{ config(materialized='ephemeral') }} select 1 as x"
    expect(await touched({ 'models/inner.sql': inner })).toMatchObject({
      'model.b': 'model.inner has changed',
    })
    expect(
      await touched({ 'macros/half.sql': '{% macro half(c) %}{{ c }} / 3{% endmacro %}' }),
    ).toMatchObject({ 'model.a': 'a macro that it uses has changed' })
    const sources = 'sources: [{name: raw, tables: [{name: t, identifier: other}]}]'
    expect(await touched({ 'models/sources.yml': sources })).toEqual({
      'source.raw.t': 'its config has changed',
      'model.inner': 'source.raw.t has changed',
      'model.b': 'model.inner has changed',
    })
  })

  it('is what is new, and a unit test by itself', async () => {
    expect(await touched({ 'models/more.sql': "select * from {{ ref('apart') }}" })).toEqual({
      'model.more': 'it is new',
    })
    const all = files['models/all.yml']?.replace('rows: [{x: 1}]', 'rows: [{x: 2}]') ?? ''
    expect(await touched({ 'models/all.yml': all })).toEqual({
      'unit_test.apart.u': 'its config has changed',
    })
  })

  it('takes the word of the file system for a seed that is too large to be read', async () => {
    const large = { 'seeds/s.csv': `x\n${'1234567\n'.repeat(140_000)}` }
    const state = await stateOf({ ...files, ...large })
    const seed = [...state.graph.nodes.values()].find(({ kind }) => kind === 'seed')
    const path = seed?.kind === 'seed' ? seed.absolutePath : ''
    expect(findTouched(state, state, () => false).reasons).toEqual(new Map())
    expect(findTouched(state, state, (one) => one === path).reasons.get(seed?.id ?? '')).toBe(
      'its file has changed',
    )
  })

  it('tells what the project no longer has, disabled or deleted', async () => {
    const off = { 'models/apart.sql': '{{ config(enabled=false) }} select 1 as x' }
    const { gone } = findTouched(
      await stateOf(files),
      await stateOf({ ...files, ...off, 'models/all.yml': '' }),
      () => false,
    )
    expect(gone.map(({ name }) => name).sort()).toEqual(['apart', 'not_null_a_x'])
  })
})
