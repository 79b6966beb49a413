import { expect, it } from 'vitest'
import { deferRelations } from '../../../../transform/plan/defer.ts'
import { makeFunction, makeGraph, makeModel, makeSeed, makeTest } from './random-graph.ts'

const graph = makeGraph([
  makeSeed('codes'),
  makeModel('a'),
  makeModel('b'),
  makeModel('inline', { materialized: 'ephemeral' }),
  makeModel('fresh'),
  makeTest('good', { dependencies: ['model.shop.a'] }),
  makeFunction('twice'),
])

const then = (id: string, materialized = 'table') => ({
  [id]: {
    database: 'prod',
    schema: 'marts',
    alias: `${id.split('.')[2]}_alias`,
    config: { materialized },
  },
})

const manifest = {
  nodes: {
    ...then('seed.shop.codes', 'seed'),
    ...then('model.shop.a'),
    ...then('model.shop.b', 'ephemeral'),
    ...then('model.shop.inline'),
    ...then('test.shop.good'),
    ...then('model.shop.gone'),
  },
  functions: then('function.shop.twice'),
}

function deferred(given: {
  selected?: string[]
  favorState?: boolean
  builds?: boolean
  here?: string[]
}) {
  const { selected = [], favorState = false, builds = true, here = [] } = given
  const relations = deferRelations(graph, {
    manifest,
    selected: new Set(selected),
    builds,
    favorState,
    exists: ({ name }) => here.includes(name),
  })
  return [...relations.keys()].join(' ')
}

const all = 'seed.shop.codes model.shop.a function.shop.twice'

it('defers what both states have and the database has not, to where it was then', () => {
  expect(deferred({})).toBe(all)
  const inputs = { manifest, selected: new Set<string>(), builds: true, favorState: false }
  const relations = deferRelations(graph, { ...inputs, exists: () => false })
  expect(relations.get('model.shop.a')).toEqual({
    catalog: 'prod',
    schema: 'marts',
    name: 'a_alias',
  })
})

it('leaves what is here alone, unless the other state is favoured', () => {
  expect(deferred({ here: ['codes', 'a'] })).toBe('function.shop.twice')
  expect(deferred({ here: ['codes', 'a'], favorState: true })).toBe(all)
  expect(deferred({ here: ['a'], favorState: true, selected: ['model.shop.a'] })).not.toContain(
    'model.shop.a',
  )
})

it('reads what the run builds itself, but not what it only compiles', () => {
  expect(deferred({ selected: ['model.shop.a'] })).not.toContain('model.shop.a')
  expect(deferred({ selected: ['model.shop.a'], builds: false })).toContain('model.shop.a')
})
