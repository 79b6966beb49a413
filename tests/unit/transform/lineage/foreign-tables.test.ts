import { describe, expect, it } from 'vitest'
import { findForeignTables } from '../../../../transform/lineage/foreign-tables.ts'
import type { TableName } from '../../../../transform/lineage/table-name.ts'
import { makeGraph, makeModel, makeSeed, makeSource } from '../../../support/graph-nodes.ts'

const around = { catalog: 'dev', schema: 'main' }

/** `a.b.c` as a query would name it. */
function table(text: string): TableName {
  const [name = '', schema, catalog] = text.split('.').reverse()
  return { catalog, schema, name }
}

const graph = makeGraph({
  nodes: [
    makeSeed({ name: 'countries' }),
    makeModel({ name: 'stg_orders' }),
    makeModel({
      name: 'base',
      materialized: 'ephemeral',
      dependencies: ['seed.shop.countries', 'source.shop.raw.events'],
    }),
    makeModel({
      name: 'orders',
      dependencies: ['model.shop.base', 'model.shop.stg_orders'],
    }),
  ],
  sources: [
    makeSource({
      name: 'events',
      id: 'source.shop.raw.events',
      source: 'raw',
      relation: { catalog: 'dev', schema: 'raw', name: 'events' },
    }),
  ],
})

function foreign(node: string, ...tables: readonly string[]) {
  const reads = new Map([[`model.shop.${node}`, tables.map(table)]])
  return findForeignTables(graph, reads, around).map(({ code, message, hint, at }) => {
    return { code, message, hint, file: at?.file }
  })
}

describe('tables read past ref() and source()', () => {
  it('names the table, the node, its file, and the call that means the same', () => {
    expect(foreign('stg_orders', 'dev.main.countries', 'raw.events')).toEqual([
      {
        code: 'model/foreign-table',
        message:
          'stg_orders reads dev.main.countries, which it names by neither ref() nor source().',
        hint: "write {{ ref('countries') }}, so that it is built first and seen in the graph.",
        file: 'models/stg_orders.sql',
      },
      {
        code: 'model/foreign-table',
        message: 'stg_orders reads raw.events, which it names by neither ref() nor source().',
        hint: "write {{ source('raw', 'events') }}, so that it is built first and seen in the graph.",
        file: 'models/stg_orders.sql',
      },
    ])
  })

  it('suggests the nearest name for a table that the project does not know', () => {
    expect(foreign('orders', 'other.countris', 'other.elsewhere_entirely')).toMatchObject([
      { hint: expect.stringContaining("ref('countries')") },
      { hint: expect.stringContaining('declare it under `sources:`') },
    ])
  })

  it.each([
    ['what the node depends on', ['dev.main.stg_orders', 'main.stg_orders', 'stg_orders']],
    ['in any case', ['DEV.Main.STG_ORDERS']],
    ['what an ephemeral model depends on', ['main.countries', 'raw.events']],
    ['with a catalog for a schema', ['dev.countries']],
    ['the relation of the node itself', ['dev.main.orders']],
    [
      'catalogs of the engine',
      ['information_schema.tables', 'pg_catalog.pg_class', 'duckdb_tables'],
    ],
    ['schemas of the system', ['system.information_schema.columns', 'temp.main.x']],
  ])('keeps silent of %s', (_, tables) => {
    expect(foreign('orders', ...tables)).toEqual([])
  })

  it('does not take what another node depends on for known', () => {
    expect(foreign('stg_orders', 'main.orders')).toHaveLength(1)
  })

  it('passes over reads of nodes that are not in the graph', () => {
    expect(foreign('gone', 'main.x')).toEqual([])
  })
})
