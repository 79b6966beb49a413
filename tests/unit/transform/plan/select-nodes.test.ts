import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { type Graph, selectNodes } from '../../../../transform/index.ts'
import { makeGraph, makeNode, randomGraph } from './random-graph.ts'

/** a → b → d, a → c → d, with a test on b and one on c and d. */
const diamond = makeGraph([
  makeNode('a', [], { folders: ['staging'], tags: ['daily'] }),
  makeNode('b', ['model.shop.a'], { folders: ['marts', 'core'] }),
  makeNode('c', ['model.shop.a'], { folders: ['marts', 'core'], tags: ['daily'] }),
  makeNode('d', ['model.shop.b', 'model.shop.c'], { folders: ['marts'] }),
  makeNode('b_is_good', ['model.shop.b'], { isTest: true }),
  makeNode('c_fits_d', ['model.shop.c', 'model.shop.d'], { isTest: true }),
])

function select(text: string, exclude: readonly string[] = [], graph: Graph = diamond): string {
  const ids = selectNodes(graph, { select: [text], exclude })
  return ids.map((id) => id.split('.').at(-1)).join(' ')
}

const models = (text: string) => select(text, ['resource_type:test'])

describe('a selection', () => {
  it.each([
    ['a', 'a'],
    ['a b', 'a b'],
    ['+d', 'a b c d'],
    ['1+d', 'b c d'],
    ['a+', 'a b c d'],
    ['a+1', 'a b c'],
    ['+b+', 'a b d'],
    ['@b', 'a b c d'],
    ['marts', 'b c d'],
    ['marts.core', 'b c'],
    ['shop.marts.core', 'b c'],
    ['marts.*', 'b c d'],
    ['path:models/marts', 'b c d'],
    ['models/marts/core', 'b c'],
    ['models/marts/*.sql', 'd'],
    ['file:b.sql', 'b'],
    ['b.sql', 'b'],
    ['tag:daily', 'a c'],
    ['tag:daily,marts', 'c'],
    ['tag:daily,marts a', 'a c'],
    ['tag:d*', 'a c'],
    ['config.materialized:table', 'a b c d'],
    ['package:shop', 'a b c d'],
    ['[ab]', 'a b'],
    ['nothing', ''],
  ])('%s names %s', (text, expected) => {
    expect(models(text)).toBe(expected)
  })

  it('brings along each test that reads a chosen node', () => {
    expect(select('b')).toBe('b b_is_good')
    expect(select('c')).toBe('c c_fits_d')
    expect(select('d')).toBe('d c_fits_d')
  })

  it('loses with an excluded node the tests that read it', () => {
    expect(select('marts', ['d'])).toBe('b c b_is_good')
    expect(select('test_type:singular', ['b'])).toBe('c_fits_d')
  })

  it.each(['+', 'a++', '@a+', 'nomethod:x', 'config:x'])('says what is wrong with %s', (text) => {
    const error = (() => {
      try {
        return select(text)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(isProblem(error, 'model/bad-selector')).toBe(true)
  })

  it('is all nodes when it names none', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        expect(selectNodes(graph, { select: [], exclude: [] })).toEqual(
          [...graph.nodes.keys()].sort(),
        )
      }),
    )
  })

  it('holds a node, all it reads and all that read it, by + on either side', () => {
    fc.assert(
      fc.property(randomGraph, fc.nat(), (graph, pick) => {
        const all = [...graph.nodes.values()]
        const node = all[pick % all.length]
        if (node === undefined) return
        const up = new Set(selectNodes(graph, { select: [`+${node.name}`], exclude: [] }))
        const down = new Set(selectNodes(graph, { select: [`${node.name}+`], exclude: [] }))
        for (const { id, dependencies } of all) {
          if (down.has(id) && id !== node.id) continue
          for (const parent of dependencies) if (down.has(parent)) expect(down).toContain(id)
        }
        for (const id of up) {
          const found = graph.nodes.get(id)
          if (found?.kind === 'test') continue
          for (const parent of found?.dependencies ?? []) expect(up).toContain(parent)
        }
      }),
    )
  })

  it('obeys the algebra of sets', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const of = (text: string) => selectNodes(graph, { select: [text], exclude: [] })
        const [red, blue] = [new Set(of('tag:red')), new Set(of('tag:blue'))]
        expect(of('tag:red tag:blue')).toEqual([...new Set([...red, ...blue])].sort())
        expect(of('tag:red,tag:blue')).toEqual([...red].filter((id) => blue.has(id)).sort())
        const without = selectNodes(graph, { select: ['tag:red'], exclude: ['tag:blue'] })
        expect(without).toEqual([...red].filter((id) => !blue.has(id)).sort())
      }),
    )
  })
})
