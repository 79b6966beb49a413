import { expect, it } from 'vitest'
import { writtenPath } from '../../../../transform/artifacts/written-path.ts'
import {
  makeGenericTest,
  makeModel,
  makeSnapshot,
  makeUnitTest,
} from '../../../support/graph-nodes.ts'

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

it('lays a unit test into the folder of its schema file, by its version where it has one', () => {
  const test = makeUnitTest({ name: 'counts', model: 'orders' })
  expect(writtenPath(test, 'target', 'compiled')).toBe(
    'target/compiled/shop/models/schema.yml/models/counts.sql',
  )
  expect(writtenPath({ ...test, version: 2 }, 'target', 'run')).toBe(
    'target/run/shop/models/schema.yml/models/counts_v2.sql',
  )
})

it('gives each snapshot of a file a file of its own', () => {
  const snapshot = makeSnapshot({ name: 'all' })
  expect(writtenPath(snapshot, 'target', 'run')).toBe('target/run/shop/snapshots/all.sql/all.sql')
})

it('stays in its folder when the file stands above the project', () => {
  const model = makeModel({ name: 'orders', originalFile: '../../../models/orders.sql' })
  expect(writtenPath(model, '../out', 'run')).toBe('../out/run/shop/__/__/__/models/orders.sql')
  const dotted = makeModel({ name: 'a..b', originalFile: 'models/..x/a..b.sql' })
  expect(writtenPath(dotted, 'out', 'run')).toBe('out/run/shop/models/..x/a..b.sql')
})
