import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Graph, planRun, type RunCommand } from '../../../../transform/index.ts'
import { makeGraph, makeNode, randomGraph } from './random-graph.ts'

const plan = (graph: Graph, command: RunCommand = 'build', select: readonly string[] = []) =>
  planRun(graph, { command, select, exclude: [], fullRefresh: false })

const order = (graph: Graph, command?: RunCommand, select?: readonly string[]) =>
  plan(graph, command, select).stages.map(({ node }) => node.name)

describe('a plan', () => {
  it('puts every node after all it reads, and after the tests of what it reads', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const { stages } = plan(graph)
        expect(stages.map(({ node }) => node.id).sort()).toEqual([...graph.nodes.keys()].sort())
        const done = new Set<string>()
        for (const { node, waitsFor } of stages) {
          for (const parent of node.dependencies) expect(done).toContain(parent)
          for (const id of waitsFor) expect(done).toContain(id)
          done.add(node.id)
        }
      }),
    )
  })

  it('keeps the order through nodes that were not chosen', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const { stages } = plan(graph, 'build', ['tag:red'])
        const places = new Map(stages.map(({ node }, index) => [node.id, index]))
        for (const { node } of stages) {
          for (const above of ancestors(graph, node.id)) {
            const place = places.get(above)
            if (place !== undefined) expect(place).toBeLessThan(places.get(node.id) ?? -1)
          }
        }
      }),
    )
  })

  it('is the same whatever the order of the graph', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const reversed = makeGraph([...graph.nodes.values()].reverse())
        expect(order(reversed)).toEqual(order(graph))
      }),
    )
  })

  it('holds a test of two relations back from what stands below one of them only', () => {
    const graph = makeGraph([
      makeNode('a', []),
      makeNode('b', ['model.shop.a']),
      makeNode('c', ['model.shop.b']),
      makeNode('a_fits_b', ['model.shop.a', 'model.shop.b'], { isTest: true }),
    ])
    expect(order(graph)).toEqual(['a', 'b', 'a_fits_b', 'c'])
    const waits = plan(graph).stages.map(({ node, waitsFor }) => [node.name, waitsFor.length])
    expect(waits).toEqual([
      ['a', 0],
      ['b', 1],
      ['a_fits_b', 2],
      ['c', 2],
    ])
  })

  it('holds what the command runs', () => {
    const graph = makeGraph([makeNode('a', []), makeNode('t', ['model.shop.a'], { isTest: true })])
    expect(order(graph, 'run')).toEqual(['a'])
    expect(order(graph, 'test')).toEqual(['t'])
    expect(order(graph, 'seed')).toEqual([])
  })
})

function ancestors(graph: Graph, id: string, found = new Set<string>()): Set<string> {
  for (const parent of graph.nodes.get(id)?.dependencies ?? []) {
    if (found.has(parent)) continue
    found.add(parent)
    ancestors(graph, parent, found)
  }
  return found
}
