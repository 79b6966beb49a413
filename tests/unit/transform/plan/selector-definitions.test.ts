import { describe, expect, it } from 'vitest'
import { isProblem, MillraceError } from '../../../../core/errors.ts'
import type { SelectorDefinition } from '../../../../transform/compile/graph.ts'
import { selectNodes } from '../../../../transform/plan/select-nodes.ts'
import { selectorProblems } from '../../../../transform/plan/selector-definitions.ts'
import { makeGraph, makeModel, makeTest } from './random-graph.ts'

const nodes = [
  makeModel('a', { tags: ['nightly'] }),
  makeModel('b', { dependencies: ['model.shop.a'], tags: ['nightly', 'hot'] }),
  makeModel('c', {
    dependencies: ['model.shop.b'],
    config: { meta: { level: 2 } },
    meta: { level: 2 },
  }),
  makeModel('d', { dependencies: ['model.shop.c'] }),
  makeTest('a_fits_b', { dependencies: ['model.shop.a', 'model.shop.b'], tags: ['slow'] }),
]

function selector(name: string, definition: unknown, isDefault = false): SelectorDefinition {
  return { name, description: '', isDefault, definition, at: { file: 'selectors.yml', line: 3 } }
}

function names(definition: unknown, others: readonly SelectorDefinition[] = []): string {
  const graph = makeGraph(nodes, { selectors: [...others, selector('it', definition)] })
  const { nodes: chosen } = selectNodes(graph, { select: [], exclude: [], selector: 'it' })
  return chosen.map(({ name }) => name).join(' ')
}

const nightly = selector('nightly', { tag: 'nightly' })

describe('a definition of selectors.yml', () => {
  it.each([
    ['text', 'tag:hot+', 'b c d a_fits_b'],
    ['text that is one criterion, not a list', 'a b', ''],
    ['a method and its value', { tag: 'hot' }, 'b a_fits_b'],
    ['a number as it is', { 'config.meta.level': 2 }, 'c'],
    ['all keys', { method: 'fqn', value: 'c', parents: true, parents_depth: 1 }, 'b c a_fits_b'],
    ['children', { method: 'fqn', value: 'b', children: true, children_depth: 1 }, 'b c a_fits_b'],
    [
      'a depth of 0 as no depth',
      { method: 'fqn', value: 'd', parents: true, parents_depth: 0 },
      'a b c d a_fits_b',
    ],
    [
      'parents of children',
      { method: 'fqn', value: 'b', childrens_parents: true },
      'a b c d a_fits_b',
    ],
    ['its own mode', { method: 'fqn', value: 'a', indirect_selection: 'cautious' }, 'a'],
    ['its own exclusions', { method: 'tag', value: 'nightly', exclude: ['b'] }, 'a'],
    ['a union', { union: ['a', { tag: 'slow' }] }, 'a a_fits_b'],
    ['an intersection', { intersection: ['tag:nightly', '+c'] }, 'a b a_fits_b'],
    ['an exclusion in a group', { union: ['tag:nightly', { exclude: ['tag:slow', 'a'] }] }, 'b'],
    [
      'groups in groups',
      { union: ['d', { intersection: [{ tag: 'nightly' }, { exclude: [{ union: ['a'] }] }] }] },
      'b d',
    ],
  ])('may be %s', (_, definition, expected) => {
    expect(names(definition)).toBe(expected)
  })

  it('may build on another one, with what that one excludes left out', () => {
    const cautious = selector('quiet', { method: 'tag', value: 'hot', exclude: ['tag:slow'] })
    expect(names({ method: 'selector', value: 'nightly' }, [nightly])).toBe('a b a_fits_b')
    expect(names({ method: 'selector', value: 'quiet' }, [cautious])).toBe('b')
    expect(names('selector:quiet+1', [cautious])).toBe('b c a_fits_b')
    expect(names('selector:*ly', [nightly, cautious])).toBe('a b a_fits_b')
  })

  it('is what stands for nothing said, when it is the default', () => {
    const graph = makeGraph(nodes, { selectors: [selector('usual', 'c', true)] })
    const chosen = (select: string[], exclude: string[] = []) =>
      selectNodes(graph, { select, exclude }).nodes.map(({ name }) => name)
    expect(chosen([])).toEqual(['c'])
    expect(chosen(['d'])).toEqual(['d'])
    expect(chosen([], ['c'])).toContain('a')
  })

  it.each([
    ['a list', ['a'], 'is neither text nor a map'],
    ['a number', 3, 'is neither text nor a map'],
    ['no method', {}, 'has no keys'],
    ['two keys', { tag: 'x', path: 'y' }, 'has tag, path, and no method and value'],
    ['an unknown method', { tga: 'x' }, 'did you mean tag?'],
    ['an unknown method in text', 'tga:x', 'did you mean tag?'],
    ['a union that is no list', { union: 'a' }, 'needs a list under union:'],
    ['something beside a union', { union: ['a'], exclude: ['b'] }, 'stands alone at the top'],
    [
      'two exclusions',
      { union: ['a', { exclude: ['b'] }, { exclude: ['c'] }] },
      'more than one exclude',
    ],
    [
      'an exclusion that is no list',
      { method: 'tag', value: 'x', exclude: 'a' },
      'needs a list under exclude:',
    ],
    [
      'an unknown mode',
      { method: 'tag', value: 'x', indirect_selection: 'shy' },
      'shy; there are eager',
    ],
    [
      'a wrong depth',
      { method: 'tag', value: 'x', parents: true, parents_depth: 'two' },
      'parents_depth: two',
    ],
    [
      'both closures',
      { method: 'tag', value: 'x', children: true, childrens_parents: true },
      'childrens_parents',
    ],
  ])('with %s is refused, at its place', (_, definition, expected) => {
    const [found] = selectorProblems([selector('it', definition)])
    expect(found?.message).toContain(expected)
    expect(found?.code).toBe('model/bad-selector-definition')
    expect(found?.at).toEqual({ file: 'selectors.yml', line: 3 })
    expect(() => names(definition)).toThrow(MillraceError)
  })

  it('is one of at most one default', () => {
    const found = selectorProblems([selector('x', 'a', true), selector('y', 'b', true)])
    expect(found.map(({ message }) => message)).toEqual([
      'The definition of the selector y says default: true, and so does x.',
    ])
  })

  it('cannot need itself', () => {
    const circle = [
      selector('x', { method: 'selector', value: 'y' }),
      selector('y', { union: [{ method: 'selector', value: 'x' }, 'a'] }),
    ]
    expect(() => names('selector:x', circle)).toThrow('it needs itself: x → y → x')
  })

  it('is known by name only', () => {
    const graph = makeGraph(nodes, { selectors: [nightly] })
    for (const selection of [{ selector: 'nightl' }, { select: ['selector:nightl'] }]) {
      try {
        selectNodes(graph, { select: [], exclude: [], ...selection })
        expect.unreachable()
      } catch (error) {
        expect(isProblem(error, 'model/unknown-selector') && error.hint).toContain('nightly')
      }
    }
  })
})
