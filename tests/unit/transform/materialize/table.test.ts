import { describe, expect, it } from 'vitest'
import type { ModelNode } from '../../../../transform/index.ts'
import { commentColumns, commentRelation } from '../../../../transform/materialize/comments.ts'
import { createIndexes } from '../../../../transform/materialize/indexes.ts'
import { layoutOf } from '../../../../transform/materialize/layout.ts'
import { materializeTable, mentions } from '../../../../transform/materialize/table.ts'
import { makeModel } from '../plan/random-graph.ts'

const model = (config: Readonly<Record<string, unknown>>, more: Partial<ModelNode> = {}) =>
  makeModel('orders', { ...more, config })
const { relation } = model({})
const sqlOf = (statements: readonly { readonly sql: string }[]) => statements.map(({ sql }) => sql)

describe('a table', () => {
  it('is one statement when nothing is said', () => {
    expect(sqlOf(materializeTable(relation, 'select 1', 'table'))).toEqual([
      'create or replace table "lake"."main"."orders" as\nselect 1',
    ])
  })

  it('takes the place of a view', () => {
    const [drop] = sqlOf(materializeTable(relation, 'select 1', 'view'))
    expect(drop).toBe('drop view "lake"."main"."orders"')
  })

  it('is made empty, laid out and filled when a layout is said', () => {
    const layout = layoutOf(model({ partitioned_by: ['year(day)', 'region'], sort_by: 'a "b"' }))
    expect(sqlOf(materializeTable(relation, 'select 1', undefined, { layout }))).toEqual([
      'create or replace table "lake"."main"."orders" as\nselect * from (\nselect 1\n) as model_subq\nlimit 0',
      'alter table "lake"."main"."orders" set partitioned by (year(day), region)',
      'alter table "lake"."main"."orders" set sorted by ("a ""b""")',
      'insert into "lake"."main"."orders"\nselect * from (\nselect 1\n) as model_subq',
    ])
  })

  it('has the columns of its contract in their order', () => {
    const contract = { ddl: '(b integer, a text)', columns: 'b, a' }
    expect(sqlOf(materializeTable(relation, 'select 1', undefined, { contract }))).toEqual([
      'create or replace table "lake"."main"."orders" (b integer, a text)',
      'insert into "lake"."main"."orders" (b, a)\nselect b, a from (\nselect 1\n) as model_subq',
    ])
  })
})

describe('a query', () => {
  it.each([
    ['select * from lake.main.orders', true],
    ['select * from "lake"."main"."ORDERS" o', true],
    ['select * from orders', true],
    ['select * from stg_orders join orders_2024 using (id)', false],
    ['select * from préorders', false],
    ['select 1', false],
  ])('%s: mentions orders is %j', (sql, wanted) => {
    expect(mentions(sql, relation)).toBe(wanted)
  })

  it('mentions names of any characters', () => {
    const odd = (name: string) => ({ ...relation, name })
    expect(mentions('select * from "a.b (c)-d"', odd('a.b (c)-d'))).toBe(true)
    expect(mentions('select * from "axb (c)-d"', odd('a.b (c)-d'))).toBe(false)
  })
})

describe('a layout', () => {
  it.each([
    [{ partitioned_by: [] }, 'must contain at least one column'],
    [{ sorted_by: { a: 1 } }, 'must be a text or a list of texts'],
  ])('%j is refused', (config, message) => {
    expect(() => layoutOf(model(config))).toThrowError(message)
  })

  it('is nothing where the config is empty', () => {
    const none = { partitionedBy: undefined, sortedBy: undefined }
    expect(layoutOf(model({ partitioned_by: '', sorted_by: null }))).toEqual(none)
  })
})

describe('indexes', () => {
  it('are named by their table and columns', () => {
    const indexes = [{ columns: ['id'], unique: true }, { columns: ['lower(name)', 'day'] }]
    expect(sqlOf(createIndexes(model({ indexes })))).toEqual([
      'create unique index "orders_id_unique_index" on "lake"."main"."orders" (id)',
      'create index "orders_lower(name)_day_index" on "lake"."main"."orders" (lower(name), day)',
    ])
  })

  it.each([
    [{ indexes: 'id' }, 'must be a list'],
    [{ indexes: [{ unique: true }] }, 'has an entry without columns'],
    [{ indexes: [{ columns: ['a'], type: 'hash' }] }, 'has the key type'],
  ])('%j are refused', (config, message) => {
    expect(() => createIndexes(model(config))).toThrowError(message)
  })
})

describe('comments', () => {
  const nothing = { meta: {}, tags: [], quote: undefined, constraints: [], config: {}, docs: {} }
  const rest = { granularity: undefined, dimension: undefined, entity: undefined, extra: {} }
  const column = (name: string, description: string) => {
    return { name, description, dataType: undefined, ...nothing, ...rest }
  }
  const described = {
    description: "it's",
    columns: [column('ID', 'key'), column('gone', 'x'), column('bare', '')],
  }

  it('are kept of the relation and of columns that are there', () => {
    const asked = model({ persist_docs: { relation: true, columns: true } }, described)
    expect(sqlOf(commentRelation(asked, 'view'))).toEqual([
      `comment on view "lake"."main"."orders" is 'it''s'`,
    ])
    expect(sqlOf(commentColumns(asked, ['id', 'bare']))).toEqual([
      `comment on column "lake"."main"."orders"."id" is 'key'`,
      `comment on column "lake"."main"."orders"."bare" is ''`,
    ])
  })

  it('are not kept where nobody asks', () => {
    const silent = model({}, described)
    expect([...commentRelation(silent, 'table'), ...commentColumns(silent, ['id'])]).toEqual([])
  })
})
