import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../../core/errors.ts'
import { manifestNode } from '../../../../transform/artifacts/manifest.ts'
import type {
  Graph,
  MacroNode,
  ModelNode,
  SelectableNode,
} from '../../../../transform/compile/graph.ts'
import type { PreviousState } from '../../../../transform/plan/previous-state.ts'
import { selectNodes } from '../../../../transform/plan/select-nodes.ts'
import type { Column } from '../../../../transform/project/project.ts'
import {
  makeFunction,
  makeGraph,
  makeModel,
  makeSeed,
  makeSource,
  makeTest,
  makeUnitTest,
  makeVersion,
} from './random-graph.ts'

const sectionOf: Partial<Record<SelectableNode['kind'], string>> = {
  source: 'sources',
  unit_test: 'unit_tests',
  function: 'functions',
}

/** The parts of manifest.json that a comparison reads. */
function manifestFor(graph: Graph): unknown {
  const all = [graph.nodes, graph.sources, graph.unitTests].flatMap((map): SelectableNode[] => [
    ...map.values(),
  ])
  const sections = new Map<string, Record<string, unknown>>()
  for (const node of all) {
    const section = sectionOf[node.kind] ?? 'nodes'
    const json: unknown = JSON.parse(JSON.stringify(manifestNode(node, graph)))
    sections.set(section, { ...sections.get(section), [node.id]: json })
  }
  const macros = [...graph.macros.values()].map(({ id, package: owner, code }) => [
    id,
    { unique_id: id, package_name: owner, macro_sql: code },
  ])
  return { ...Object.fromEntries(sections), macros: Object.fromEntries(macros) }
}

function macro(name: string, code: string, macros: readonly string[] = [], owner = 'shop') {
  const id = `macro.${owner}.${name}`
  const made: MacroNode = {
    kind: 'macro',
    id,
    name,
    package: owner,
    file: '',
    path: '',
    code,
    description: '',
    meta: {},
    docs: {},
    arguments: [],
    patch: undefined,
    macros,
  }
  return [id, made] as const
}

const nodes = (changes: Partial<ModelNode> = {}): SelectableNode[] => [
  makeModel('a', changes),
  makeModel('b', { dependencies: ['model.shop.a'], macros: ['macro.shop.outer'] }),
  makeSeed('codes', { checksum: 'x' }),
  makeSource('raw', 'orders'),
  makeTest('good', { dependencies: ['model.shop.a'] }),
  makeFunction('twice'),
  makeUnitTest('a_adds', 'a'),
]

const macros = (inner = 'one') =>
  new Map([
    macro('outer', 'calls inner', ['macro.shop.inner']),
    macro('inner', inner),
    macro('ref', inner, [], 'dbt'),
  ])

const before = makeGraph(nodes(), { macros: macros() })

function changed(
  check: string,
  now: Graph,
  previous: PreviousState = { manifest: manifestFor(before) },
) {
  const state = {
    previous,
    manifestOf: (node: SelectableNode) => manifestNode(node, now),
    now: Date.parse('2026-01-01'),
  }
  const select = [check.includes(':') ? check : `state:${check}`]
  return selectNodes(now, { select, exclude: [], indirectSelection: 'empty', state })
}

const names = (...args: Parameters<typeof changed>) =>
  changed(...args)
    .nodes.map(({ name }) => name)
    .join(' ')

const withModel = (changes: Partial<ModelNode>) => makeGraph(nodes(changes), { macros: macros() })

describe('state:', () => {
  it('finds nothing in a project that is as it was', () => {
    const checks = ['new', 'modified', 'modified.body', 'modified.configs', 'modified.macros']
    for (const check of checks) expect(names(check, before)).toBe('')
    expect(names('unmodified', before)).toBe(names('old', before))
    expect(names('old', before).split(' ')).toHaveLength(7)
  })

  it('finds what is new; of that, what has code or is a unit test is modified too', () => {
    const empty = { manifest: { macros: {} } }
    expect(names('new', before, empty).split(' ')).toHaveLength(7)
    expect(names('modified', makeGraph(nodes()), empty)).toBe('twice a b codes good a_adds')
    expect(names('modified.configs', makeGraph(nodes()), empty)).toBe('twice a b codes orders good')
    expect(names('old', before, empty)).toBe('')
  })

  it.each<[string, Partial<ModelNode>, readonly string[]]>([
    ['its code', { rawCode: 'select 2 as id' }, ['modified', 'modified.body']],
    ['a config', { unrenderedConfig: { lookback: 2 } }, ['modified', 'modified.configs']],
    ['its schema', { unrenderedConfig: { schema: 's' } }, ['modified', 'modified.relation']],
    ['its tags', { unrenderedConfig: { tags: ['x'] } }, []],
    ['its description', { description: 'x' }, []],
    ['its folder', { fqn: ['shop', 'x', 'a'] }, ['modified']],
    ['its access', { access: 'public' }, ['modified']],
    ['its latest version', { latestVersion: 2 }, ['modified']],
    [
      'a contract',
      { config: { materialized: 'table', contract: { enforced: true } } },
      ['modified', 'modified.contract'],
    ],
  ])('sees in a model a change of %s', (_, changes, expected) => {
    const now = withModel(changes)
    const checks = ['modified', 'body', 'configs', 'relation', 'persisted_descriptions', 'contract']
    const found = checks
      .map((check) => (check === 'modified' ? check : `modified.${check}`))
      .filter((check) => names(check, now) === 'a')
    expect(found).toEqual(expected)
  })

  it('sees descriptions where they are written into the database', () => {
    const persist = { config: { materialized: 'table', persist_docs: { relation: true } } }
    const manifest = manifestFor(withModel(persist))
    const now = withModel({ ...persist, description: 'x' })
    expect(names('modified.persisted_descriptions', now, { manifest })).toBe('a')
  })

  it('sees in a seed its content, and in a test what it tests by', () => {
    const now = nodes().map((node) => {
      if (node.kind === 'seed') return { ...node, checksum: 'y' }
      return node.kind === 'test' ? { ...node, unrenderedConfig: { severity: 'warn' } } : node
    })
    expect(names('modified', makeGraph(now, { macros: macros() }))).toBe('codes good')
  })

  it('follows a changed macro to all that call it, and leaves those of dbt alone', () => {
    const now = makeGraph(nodes(), { macros: macros('two') })
    expect(names('modified.macros', now)).toBe('b')
    expect(names('modified', now)).toBe('b')
  })

  it('refuses a broken contract of a version, and warns of one of a model without', () => {
    const contract = { materialized: 'table', contract: { enforced: true } }
    const column = (dataType: string): Column => ({
      name: 'id',
      dataType,
      ...{ description: '', meta: {}, tags: [], constraints: [], config: {}, docs: {}, extra: {} },
      ...{ quote: undefined, granularity: undefined, dimension: undefined, entity: undefined },
    })
    const promised = (dataType: string) => ({ config: contract, columns: [column(dataType)] })
    const manifest = manifestFor(withModel(promised('varchar(10)')))
    const compare = (now: Graph) => changed('modified', now, { manifest })
    expect(compare(withModel(promised('varchar(20)'))).warnings).toEqual([])
    const { warnings } = compare(withModel(promised('integer')))
    expect(warnings.map(({ message }) => message)).toEqual([
      'model.shop.a breaks the contract of its previous state: the type of id went from varchar to integer.',
    ])
    const gone = makeGraph([makeModel('b')], { macros: macros() })
    expect(compare(gone).warnings[0]?.message).toContain('it was deleted or renamed')
    const versioned = manifestFor(makeGraph([makeVersion('dim', 1, promised('varchar'))]))
    const removed = () => changed('modified', makeGraph([makeModel('b')]), { manifest: versioned })
    expect(removed).toThrow('it was deleted or renamed')
  })

  it('knows only its own words, and needs something to compare with', () => {
    const codeOf = (work: () => unknown) => {
      try {
        work()
      } catch (error) {
        return isProblem(error) ? error.code : String(error)
      }
      return undefined
    }
    expect(codeOf(() => names('strange', before))).toBe('model/bad-selector')
    expect(codeOf(() => names('constructor', before))).toBe('model/bad-selector')
    expect(codeOf(() => names('new', before, {}))).toBe('model/no-state')
    expect(codeOf(() => names('result:fail', before, {}))).toBe('model/no-state')
    expect(codeOf(() => names('source_status:fresher', before, { sources: {} }))).toBe(
      'model/no-state',
    )
  })
})

describe('result: and source_status:', () => {
  it('find what ended so', () => {
    const results = [
      { unique_id: 'model.shop.a', status: 'error' },
      { unique_id: 'test.shop.good', status: 'fail' },
      { unique_id: 'model.shop.gone', status: 'error' },
    ]
    expect(names('result:error', before, { results: { results } })).toBe('a')
    expect(names('result:fail', before, { results: { results } })).toBe('good')
    expect(names('result:pass', before, { results: { results } })).toBe('')
  })

  it('find sources with newer rows than then, or that were not measured then', () => {
    const measured = (at?: string) => ({
      results: [{ unique_id: 'source.shop.raw.orders', max_loaded_at: at }],
    })
    const compare = (then?: string, now?: string) =>
      names('source_status:fresher', before, {
        sources: measured(then),
        currentSources: measured(now),
      })
    expect(compare('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z')).toBe('orders')
    expect(compare('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')).toBe('')
    expect(compare(undefined, '2026-01-01T00:00:00Z')).toBe('orders')
    expect(compare('2026-01-01T00:00:00Z', undefined)).toBe('')
  })
})
