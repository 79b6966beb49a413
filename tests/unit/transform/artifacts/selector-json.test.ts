import { expect, it } from 'vitest'
import { selectorJson } from '../../../../transform/artifacts/selector-json.ts'

const definitionOf = (definition: unknown) =>
  selectorJson({
    name: 's',
    description: '',
    isDefault: false,
    definition,
    at: { file: 'selectors.yml' },
  })['definition']

it.each([
  ['tag:x', { method: 'tag', value: 'x' }],
  ['+orders', { parents: true, method: 'fqn', value: 'orders' }],
  ['@models/marts', { childrens_parents: true, method: 'path', value: 'models/marts' }],
  ['orders.sql', { method: 'file', value: 'orders.sql' }],
  ['b+1', { method: 'fqn', value: 'b', children: true, children_depth: '1' }],
  [
    '2+config.materialized:view',
    { parents: true, parents_depth: '2', method: 'config.materialized', value: 'view' },
  ],
])('writes %s out as a map', (text, expected) => {
  expect(definitionOf(text)).toEqual(expected)
})

it('writes out what is nested, and leaves whole maps as they are', () => {
  const whole = {
    method: 'tag',
    value: 'y',
    children: true,
    exclude: [{ method: 'fqn', value: 'a' }],
  }
  expect(definitionOf({ intersection: [{ tag: 'q' }, { exclude: ['b'] }, whole] })).toEqual({
    intersection: [
      { method: 'tag', value: 'q' },
      { exclude: [{ method: 'fqn', value: 'b' }] },
      whole,
    ],
  })
})
