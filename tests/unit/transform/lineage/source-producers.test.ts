import { describe, expect, it } from 'vitest'
import { producersOfSources } from '../../../../transform/lineage/source-producers.ts'
import { makeGraph, makeModel, makeSeed, makeSource } from '../../../support/graph-nodes.ts'

const relation = (name: string, schema = 'raw') => ({ catalog: 'dev', schema, name })
const source = (name: string, at = relation(name)) =>
  makeSource({ name, id: `source.shop.raw.${name}`, source: 'raw', relation: at })

describe('sources that the project makes', () => {
  it('come from the seed or model of the same relation, in any case', () => {
    const graph = makeGraph({
      nodes: [
        makeSeed({ name: 'orders', relation: relation('ORDERS', 'Raw') }),
        makeModel({ name: 'items', relation: relation('items') }),
        makeModel({ name: 'other', relation: relation('events', 'elsewhere') }),
      ],
      sources: [source('orders'), source('items'), source('events')],
    })
    expect([...producersOfSources(graph)]).toEqual([
      ['source.shop.raw.orders', 'seed.shop.orders'],
      ['source.shop.raw.items', 'model.shop.items'],
    ])
  })

  it('do not come from a model that reads them, however far away', () => {
    const graph = makeGraph({
      nodes: [
        makeModel({ name: 'stg', dependencies: ['source.shop.raw.events'] }),
        makeModel({
          name: 'events',
          relation: relation('events'),
          dependencies: ['model.shop.stg'],
        }),
      ],
      sources: [source('events')],
    })
    expect(producersOfSources(graph).size).toBe(0)
  })

  it('never make two models wait for each other', () => {
    const graph = makeGraph({
      nodes: [
        makeModel({ name: 'a', relation: relation('a'), dependencies: ['source.shop.raw.b'] }),
        makeModel({ name: 'b', relation: relation('b'), dependencies: ['source.shop.raw.a'] }),
      ],
      sources: [source('a'), source('b')],
    })
    expect([...producersOfSources(graph)]).toEqual([['source.shop.raw.a', 'model.shop.a']])
  })

  it('do not come from ephemeral models, which make nothing', () => {
    const graph = makeGraph({
      nodes: [makeModel({ name: 'a', materialized: 'ephemeral', relation: relation('a') })],
      sources: [source('a')],
    })
    expect(producersOfSources(graph).size).toBe(0)
  })
})
