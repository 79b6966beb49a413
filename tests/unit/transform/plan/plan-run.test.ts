import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Graph, SelectableNode } from '../../../../transform/compile/graph.ts'
import {
  orderStages,
  type PlannedNode,
  planRun,
  type RunCommand,
} from '../../../../transform/plan/plan-run.ts'
import {
  makeFunction,
  makeGraph,
  makeHook,
  makeModel,
  makeSeed,
  makeSnapshot,
  makeTest,
  makeUnitTest,
  randomGraph,
} from './random-graph.ts'

const plan = (graph: Graph, command: RunCommand = 'build', select: readonly string[] = []) =>
  planRun(graph, { command, select, exclude: [], fullRefresh: false })

const order = (graph: Graph, command?: RunCommand, select?: readonly string[]) =>
  plan(graph, command, select).stages.map(({ node }) => node.name)

const planned = (graph: Graph): PlannedNode[] => [
  ...[...graph.nodes.values()].filter(
    (node) => node.kind !== 'analysis' && node.kind !== 'operation',
  ),
  ...graph.unitTests.values(),
]

describe('a plan', () => {
  it('puts every node after all it reads, and after the tests of what it reads', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const { stages, hooks, notRunYet } = plan(graph)
        const others = [...hooks, ...notRunYet].map(({ id }) => id)
        const ids = [...stages.map(({ node }) => node.id), ...others]
        expect(ids.sort()).toEqual([...graph.nodes.keys(), ...graph.unitTests.keys()].sort())
        const done = new Set<string>()
        for (const { node, waitsFor } of stages) {
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
        const all = [graph.nodes, graph.sources, graph.unitTests].flatMap(
          (map): SelectableNode[] => [...map.values()],
        )
        expect(order(makeGraph(all.reverse()))).toEqual(order(graph))
      }),
    )
  })

  it('makes each node wait, through others too, for exactly what its definition says', () => {
    fc.assert(
      fc.property(randomGraph, fc.constantFrom('tag:red', 'tag:red tag:blue'), (graph, text) => {
        const chosen = new Set(plan(graph, 'build', [text]).stages.map(({ node }) => node.id))
        // Unit tests have a rule of their own, which the order of a build shows below.
        const nodes = planned(graph).filter(
          ({ id, kind }) => chosen.has(id) && kind !== 'unit_test',
        )
        const stages = orderStages(graph, nodes, 'build')
        const direct = new Map(stages.map(({ node, waitsFor }) => [node.id, waitsFor]))
        const all = new Map([...graph.nodes.keys()].map((id) => [id, definition(graph, id)]))
        for (const { id } of nodes) {
          const expected = closure(id, all).filter((one) => chosen.has(one))
          expect(closure(id, direct)).toEqual(expected)
        }
      }),
    )
  })

  it('holds a test of two relations back from what stands below one of them only', () => {
    const graph = makeGraph([
      makeModel('a'),
      makeModel('b', { dependencies: ['model.shop.a'] }),
      makeModel('c', { dependencies: ['model.shop.b'] }),
      makeTest('a_fits_b', { dependencies: ['model.shop.a', 'model.shop.b'] }),
    ])
    const waits = plan(graph).stages.map(({ node, waitsFor }) => [node.name, waitsFor.length])
    expect(waits).toEqual([
      ['a', 0],
      ['b', 1],
      ['a_fits_b', 2],
      ['c', 2],
    ])
  })

  it('runs a node that only an unchosen one below it ties to a test of both', () => {
    const graph = makeGraph([
      makeModel('a'),
      makeModel('n', { dependencies: ['model.shop.a'] }),
      makeModel('b', { dependencies: ['model.shop.n'] }),
      makeTest('a_fits_b', { dependencies: ['model.shop.a', 'model.shop.b'] }),
    ])
    expect(order(graph, 'build', ['a', 'n'])).toEqual(['a', 'n', 'a_fits_b'])
  })

  it('holds what the command runs', () => {
    const graph = makeGraph([
      makeSeed('s'),
      makeModel('a', { dependencies: ['seed.shop.s'] }),
      makeModel('inline', { materialized: 'ephemeral' }),
      makeModel('blank', { rawCode: ' ' }),
      makeTest('t', { dependencies: ['model.shop.a'] }),
    ])
    expect(order(graph, 'run')).toEqual(['a'])
    expect(order(graph, 'test')).toEqual(['t'])
    expect(order(graph, 'seed')).toEqual(['s'])
    expect(order(graph, 'snapshot')).toEqual([])
    expect(order(graph, 'build')).toEqual(['s', 'a', 't'])
    const request = { command: 'build', select: [], exclude: [], fullRefresh: false } as const
    const names = (types: object) =>
      planRun(graph, { ...request, ...types }).stages.map(({ node }) => node.name)
    expect(names({ resourceType: ['model', 'seed'] })).toEqual(['s', 'a'])
    expect(names({ excludeResourceType: ['test'] })).toEqual(['s', 'a'])
    expect(names({ resourceType: ['all'], excludeResourceType: ['model'] })).toEqual(['s', 't'])
  })

  it('names what it holds and cannot run yet, and waits past it', () => {
    const graph = makeGraph([
      makeModel('a'),
      makeModel('py', { dependencies: ['model.shop.a'], language: 'python' }),
      makeModel('b', { dependencies: ['model.shop.py'] }),
    ])
    const { stages, notRunYet } = plan(graph)
    expect(stages.map(({ node, waitsFor }) => [node.name, ...waitsFor])).toEqual([
      ['a'],
      ['b', 'model.shop.a'],
    ])
    expect(notRunYet).toEqual([{ id: 'model.shop.py', kind: 'python model' }])
  })
})

describe('the hooks of a plan', () => {
  it('come in the order of their lines, those of the project first, where there is something to do', () => {
    const own = makeHook('on-run-start', 0)
    const ofPackage = { ...own, id: 'operation.tools.x', package: 'tools', index: 3 }
    const hooks = [own, makeHook('on-run-start', 1), makeHook('on-run-end', 0), ofPackage]
    const named = (graph: Graph) => plan(graph).hooks.map(({ id }) => id)
    expect(named(makeGraph([makeModel('a'), ...hooks]))).toEqual([
      'operation.shop.shop-on-run-start-0',
      'operation.shop.shop-on-run-end-0',
      'operation.shop.shop-on-run-start-1',
      'operation.tools.x',
    ])
    expect(named(makeGraph(hooks))).toEqual([])
  })
})

describe('the order of a build', () => {
  it('has unit tests before their model, and data tests before what reads it', () => {
    const graph = makeGraph([
      makeSeed('codes'),
      makeFunction('twice', { dependencies: ['seed.shop.codes'] }),
      makeModel('a', { dependencies: ['function.shop.twice'] }),
      makeSnapshot('kept', { dependencies: ['model.shop.a'] }),
      makeTest('codes_are_good', { dependencies: ['seed.shop.codes'] }),
      makeTest('a_is_good', { dependencies: ['model.shop.a'] }),
      makeUnitTest('a_adds', 'a'),
    ])
    const stages = orderStages(graph, planned(graph), 'build')
    expect(stages.map(({ node }) => node.name)).toEqual([
      'codes',
      'codes_are_good',
      'twice',
      'a_adds',
      'a',
      'a_is_good',
      'kept',
    ])
    const waits = Object.fromEntries(stages.map(({ node, waitsFor }) => [node.name, waitsFor]))
    expect(waits['twice']).toEqual(['seed.shop.codes'])
    expect(waits['a_adds']).toEqual(['function.shop.twice', 'test.shop.codes_are_good'])
    expect(waits['a']).toEqual([
      'function.shop.twice',
      'test.shop.codes_are_good',
      'unit_test.shop.a.a_adds',
    ])
  })
})

/** What a node waits for, by definition: all above it, and all tests of nothing but what is above. */
function definition(graph: Graph, id: string): string[] {
  const above = ancestors(graph, id)
  if (id.startsWith('test.') || id.startsWith('function.')) return [...above]
  const tests = [...graph.nodes.values()].filter(
    ({ kind, dependencies }) =>
      kind === 'test' && dependencies.length > 0 && dependencies.every((one) => above.has(one)),
  )
  return [...above, ...tests.map((test) => test.id)]
}

function closure(id: string, edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>()
  const open = [...(edges.get(id) ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue
    found.add(next)
    open.push(...(edges.get(next) ?? []))
  }
  return [...found].sort()
}

function ancestors(graph: Graph, id: string, found = new Set<string>()): Set<string> {
  for (const parent of graph.nodes.get(id)?.dependencies ?? []) {
    if (found.has(parent)) continue
    found.add(parent)
    ancestors(graph, parent, found)
  }
  return found
}
