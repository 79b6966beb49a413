import { expect, it } from 'vitest'
import { writtenPath } from '../../../../transform/artifacts/written-path.ts'
import { makeGenericTest, makeModel, makeSnapshot } from '../../../support/graph-nodes.ts'

it('lays a model where its file is', () => {
  const model = makeModel({ name: 'orders' })
  expect(writtenPath(model, 'target', 'compiled')).toBe('target/compiled/shop/models/orders.sql')
})

it('lays the tests of a schema file into a folder of its name', () => {
  const test = makeGenericTest('unique', makeModel({ name: 'orders' }), 'id')
  expect(writtenPath(test, 'out', 'run')).toBe(
    'out/run/shop/models/schema.yml/unique_orders_id.sql',
  )
})

it('gives each snapshot of a file a file of its own', () => {
  const snapshot = makeSnapshot({ name: 'all' })
  expect(writtenPath(snapshot, 'target', 'run')).toBe('target/run/shop/snapshots/all.sql/all.sql')
})
