import { expect, it } from 'vitest'
import { primaryKeyOf } from '../../../../transform/artifacts/primary-key.ts'
import { makeColumn, makeGenericTest, makeGraph, makeModel } from '../../../support/graph-nodes.ts'

const key = { type: 'primary_key' }

it('is what a constraint of the model says', () => {
  const model = makeModel({ name: 'a', constraints: [{ ...key, columns: ['x', 'y'] }] })
  expect(primaryKeyOf(model, makeGraph())).toEqual(['x', 'y'])
})

it('is the column whose constraint says so', () => {
  const columns = [makeColumn({ name: 'x' }), makeColumn({ name: 'y', constraints: [key] })]
  expect(primaryKeyOf(makeModel({ name: 'a', columns }), makeGraph())).toEqual(['y'])
})

it('is what is tested to be unique and not null, rather than unique alone', () => {
  const model = makeModel({ name: 'a' })
  const unique = makeGenericTest('unique', model, 'x')
  const both = [makeGenericTest('unique', model, 'y'), makeGenericTest('not_null', model, 'y')]
  expect(primaryKeyOf(model, makeGraph({ nodes: [model, unique, ...both] }))).toEqual(['y'])
  expect(primaryKeyOf(model, makeGraph({ nodes: [model, unique] }))).toEqual(['x'])
})

it('is several columns whose combination is tested to be unique', () => {
  const model = makeModel({ name: 'a' })
  const test = makeGenericTest('dbt_utils.unique_combination_of_columns', model, undefined)
  const args = { combination_of_columns: ['x', 'y'] }
  const node = { ...test, generic: test.generic && { ...test.generic, arguments: args } }
  expect(primaryKeyOf(model, makeGraph({ nodes: [model, node] }))).toEqual(['x', 'y'])
})

it('is empty when nothing tells', () => {
  expect(primaryKeyOf(makeModel({ name: 'a' }), makeGraph())).toEqual([])
})
