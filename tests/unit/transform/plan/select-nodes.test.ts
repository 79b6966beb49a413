import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { type Selection, selectNodes } from '../../../../transform/plan/select-nodes.ts'
import {
  makeGraph,
  makeModel,
  makeSeed,
  makeSource,
  makeTest,
  makeUnitTest,
  makeVersion,
  randomGraph,
} from './random-graph.ts'

const generic = (test: string, subject: string) =>
  ({ test, namespace: undefined, column: undefined, subject, arguments: {} }) as const

/** src → a → b → d, a → c → d; a test on b, one on c and d, a unit test on c, versions 1 to 3 of dim. */
const shop = makeGraph([
  makeSource('raw', 'src'),
  makeSeed('codes', { config: { delimiter: ';' } }),
  makeModel('a', {
    dependencies: ['source.shop.raw.src'],
    folders: ['staging'],
    tags: ['daily'],
    config: { materialized: 'view', meta: { owner: { team: 'ops' } } },
    materialized: 'view',
    meta: { owner: { team: 'ops' } },
    patch: { package: 'shop', file: 'models/staging/about.yml' },
  }),
  makeModel('b', {
    dependencies: ['model.shop.a'],
    folders: ['marts', 'core'],
    group: 'finance',
    access: 'private',
  }),
  makeModel('c', {
    dependencies: ['model.shop.a'],
    folders: ['marts', 'core'],
    tags: ['daily'],
    config: { unique_key: ['id', 'day'], enabled: true },
  }),
  makeModel('d', { dependencies: ['model.shop.b', 'model.shop.c'], folders: ['marts'] }),
  ...[1, 2, 3].map((version) => makeVersion('dim', version, { latestVersion: 2 })),
  makeTest('b_is_good', {
    dependencies: ['model.shop.b'],
    generic: generic('not_null', 'model.shop.b'),
    config: { severity: 'warn' },
  }),
  makeTest('c_fits_d', { dependencies: ['model.shop.c', 'model.shop.d'] }),
  makeUnitTest('c_adds', 'c'),
])

function names(graph: Graph, selection: Partial<Selection>): string {
  const { nodes } = selectNodes(graph, { select: [], exclude: [], ...selection })
  return nodes
    .map(({ id }) => id.split('.').slice(2).join('.'))
    .sort()
    .join(' ')
}

const select = (...texts: string[]) => names(shop, { select: texts })

/** Without the tests that come along. */
const named = (...texts: string[]) => names(shop, { select: texts, indirectSelection: 'empty' })

describe('a selection', () => {
  it.each([
    ['a', 'a'],
    ['a b', 'a b'],
    ['+d', 'a b c d raw.src'],
    ['1+d', 'b c d'],
    ['a+1', 'a b c'],
    ['0+b', 'b'],
    ['+b+', 'a b b_is_good c_fits_d d raw.src'],
    ['@b', 'a b b_is_good c c_fits_d d raw.src'],
    ['shop.marts', 'b c d'],
    ['marts', 'b c d'],
    ['marts.core', 'b c'],
    ['shop.marts.core', 'b c'],
    ['marts.*', 'b c d'],
    ['m*.core', ''],
    ['m*.core.*', 'b c'],
    ['mart', ''],
    ['[ab]', 'a b'],
    ['[!a-c]', 'd'],
    ['?', 'a b c d'],
    ['dim', 'dim.v1 dim.v2 dim.v3'],
    ['dim.v2', 'dim.v2'],
    ['dim_v2', 'dim.v2'],
    ['di*', 'dim.v1 dim.v2 dim.v3'],
    ['path:models/marts', 'b c d'],
    ['models/marts/core', 'b c'],
    ['./models/marts/core/', 'b c'],
    ['models/marts/*.sql', 'd'],
    ['models/*/*.sql', 'a d'],
    ['models/**/b.sql', 'b'],
    ['models/staging/about.yml', 'a'],
    ['models/sources.yml', 'raw.src'],
    ['file:b.sql', 'b'],
    ['file:b', 'b'],
    ['b.sql', 'b'],
    ['codes.csv', 'codes'],
    ['tag:daily', 'a c'],
    ['tag:daily,marts', 'c'],
    ['tag:daily,marts a', 'a c'],
    ['tag:d*', 'a c'],
    ['tag:D*', ''],
    ['source:raw', 'raw.src'],
    ['source:raw.src', 'raw.src'],
    ['source:shop.r*.src', 'raw.src'],
    ['source:raw+1', 'a raw.src'],
    ['package:shop,resource_type:seed', 'codes'],
    ['package:this,resource_type:seed', 'codes'],
    ['group:fin*', 'b'],
    ['access:private', 'b'],
    ['config.materialized:view', 'a'],
    ['config.materialized:seed', 'codes'],
    ['config.materialized:v*', ''],
    ['config.meta.owner.team:ops', 'a'],
    ['config.unique_key:day', 'c'],
    ['config.severity:WARN', 'b_is_good'],
    ['config.severity:error', 'c_fits_d'],
    ['config.enabled:true,resource_type:seed', 'codes'],
    ['config.delimiter:;', 'codes'],
    ['config:view', ''],
    ['config.constructor:x', ''],
    ['test_name:not_null', 'b_is_good'],
    ['test_name:c_*', 'c.c_adds'],
    ['test_type:generic', 'b_is_good'],
    ['test_type:singular', 'c_fits_d'],
    ['test_type:data', 'b_is_good c_fits_d'],
    ['test_type:unit', 'c.c_adds'],
    ['unit_test:c_adds', 'c.c_adds'],
    ['unit_test:shop.c_*', 'c.c_adds'],
    ['version:latest', 'dim.v2'],
    ['version:prerelease', 'dim.v3'],
    ['version:old', 'dim.v1'],
    ['version:none', 'a b c d'],
    ['nothing', ''],
    ['a,nothing', ''],
    ['+', ''],
  ])('%s names %s', (text, expected) => {
    expect(named(text)).toBe(expected)
  })

  it('joins what is given in one argument or in several', () => {
    expect(named('a', 'b c')).toBe('a b c')
  })

  it('brings along each test that reads a chosen node', () => {
    expect(select('b')).toBe('b b_is_good')
    expect(select('c')).toBe('c c.c_adds c_fits_d')
    expect(select('d')).toBe('c_fits_d d')
  })

  it('loses with an excluded node the tests that read it', () => {
    expect(names(shop, { select: ['marts'], exclude: ['d'] })).toBe('b b_is_good c c.c_adds')
    expect(names(shop, { select: ['test_type:singular'], exclude: ['b'] })).toBe('c_fits_d')
  })

  it('is everything when nothing is selected, and nothing when the text is blank', () => {
    expect(names(shop, {}).split(' ')).toHaveLength(12)
    expect(select('')).toBe('')
    expect(select('  ')).toBe('')
  })

  it.each([
    ['cautious', 'c', 'c c.c_adds'],
    ['cautious', 'c d', 'c c.c_adds c_fits_d d'],
    ['cautious', 'marts', 'b b_is_good c c.c_adds c_fits_d d'],
    ['buildable', 'd', 'c_fits_d d'],
    ['buildable', 'c', 'c c.c_adds'],
    ['empty', 'marts', 'b c d'],
    ['eager', 'c', 'c c.c_adds c_fits_d'],
  ] as const)('in mode %s takes for %s: %s', (indirectSelection, text, expected) => {
    expect(names(shop, { select: [text], indirectSelection })).toBe(expected)
  })

  it.each([
    ['@a+', '@'],
    ['nomethod:x', 'there is no method nomethod'],
    ['tga:x', 'did you mean tag?'],
    ['source:a.b.c.d', 'source:package.name.table'],
    ['exposure:a.b.c', 'exposure:package.name'],
    ['test_type:strange', 'singular'],
    ['resource_type:strange', 'semantic_model'],
    ['version:first', 'prerelease'],
  ])('says what is wrong with %s', (text, expected) => {
    expect(() => select(text)).toThrow(expected)
    expect(problemOf(() => select(text))).toBe('model/bad-selector')
  })

  it('warns of what matches nothing, with the nearest name', () => {
    const { warnings } = selectNodes(shop, {
      select: ['stagin', 'a,b', 'tag:dayly'],
      exclude: ['source:rav'],
    })
    expect(warnings.map(({ message }) => message)).toEqual(
      ['stagin', 'a,b', 'tag:dayly', 'source:rav'].map(
        (text) => `The selection criterion '${text}' does not match any enabled nodes.`,
      ),
    )
    expect(warnings.map(({ hint }) => /did you mean (\S+)\?/.exec(hint ?? '')?.[1])).toEqual([
      'staging',
      undefined,
      'daily',
      'raw',
    ])
  })

  it('names what state it would need', () => {
    for (const text of ['state:new', 'result:error', 'source_status:fresher']) {
      expect(problemOf(() => select(text))).toBe('model/no-state')
    }
  })
})

describe('on any graph, a selection', () => {
  const found = (graph: Graph, selection: Partial<Selection>) =>
    selectNodes(graph, { select: [], exclude: [], ...selection }).nodes.map(({ id }) => id)

  it('is all nodes when it names none', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const all = [graph.nodes, graph.sources, graph.unitTests].flatMap((map) => [...map.keys()])
        expect(found(graph, {})).toEqual(all.sort())
      }),
    )
  })

  it('holds a node and all that it reads, by + before it', () => {
    fc.assert(
      fc.property(randomGraph, fc.nat(), (graph, pick) => {
        const node = [...graph.nodes.values()][pick % graph.nodes.size]
        if (node === undefined) return
        const above = new Set<string>()
        const visit = (id: string) => {
          if (above.has(id)) return
          above.add(id)
          for (const parent of graph.nodes.get(id)?.dependencies ?? []) visit(parent)
        }
        visit(node.id)
        const up = found(graph, { select: [`+${node.name}`], indirectSelection: 'empty' })
        expect(up).toEqual([...above].sort())
        // What stands above something stands in the same relation below it.
        for (const id of up) {
          const name = id.split('.').at(-1) ?? ''
          const down = found(graph, { select: [`${name}+`], indirectSelection: 'empty' })
          if (graph.nodes.has(id)) expect(down).toContain(node.id)
        }
      }),
    )
  })

  it('closes over the parents of children, by @', () => {
    fc.assert(
      fc.property(randomGraph, fc.nat(), (graph, pick) => {
        const node = [...graph.nodes.values()][pick % graph.nodes.size]
        if (node === undefined) return
        const of = (text: string) => found(graph, { select: [text], indirectSelection: 'empty' })
        const below = of(`${node.name}+`).map((id) => `+${id.split('.').at(-1)}`)
        expect(of(`@${node.name}`)).toEqual(of(below.join(' ')))
      }),
    )
  })

  it('obeys the algebra of sets', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const of = (text: string, exclude: string[] = []) =>
          found(graph, { select: [text], exclude })
        const [red, blue] = [new Set(of('tag:red')), new Set(of('tag:blue'))]
        expect(of('tag:red tag:blue')).toEqual([...new Set([...red, ...blue])].sort())
        expect(of('tag:red,tag:blue')).toEqual([...red].filter((id) => blue.has(id)).sort())
        expect(of('tag:red', ['tag:blue'])).toEqual([...red].filter((id) => !blue.has(id)).sort())
        expect(of('tag:red,tag:blue tag:green')).toEqual(of('tag:green tag:blue,tag:red'))
      }),
    )
  })

  it('brings along tests as each mode says', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const tests = [...graph.nodes.values(), ...graph.unitTests.values()].filter(
          ({ kind }) => kind === 'test' || kind === 'unit_test',
        )
        const of = (indirectSelection: Selection['indirectSelection'], text = 'tag:red') =>
          found(graph, { select: [text], indirectSelection })
        const chosen = new Set(of('empty'))
        const above = new Set([
          ...of('empty', '+tag:red'),
          ...(chosen.size === 0 ? [] : graph.sources.keys()),
        ])
        const expected = (takes: (reads: readonly string[]) => boolean) =>
          [
            ...new Set([
              ...chosen,
              ...tests
                .filter(({ dependencies }) => dependencies.some((id) => chosen.has(id)))
                .filter(({ dependencies }) => takes(dependencies))
                .map(({ id }) => id),
            ]),
          ].sort()
        expect(of('eager')).toEqual(expected(() => true))
        expect(of('cautious')).toEqual(expected((reads) => reads.every((id) => chosen.has(id))))
        expect(of('buildable')).toEqual(expected((reads) => reads.every((id) => above.has(id))))
      }),
    )
  })

  it('takes in cautious mode a test whose parents two criteria bring', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const of = (text: string) => found(graph, { select: [text], indirectSelection: 'cautious' })
        const both = new Set(of('tag:red tag:blue'))
        for (const { id, kind, dependencies } of graph.nodes.values()) {
          const isComplete = dependencies.length > 0 && dependencies.every((one) => both.has(one))
          if (kind === 'test' && isComplete) expect(both).toContain(id)
        }
      }),
    )
  })
})

function problemOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return isProblem(error) ? error.code : String(error)
  }
}
