/** Graphs for property tests: nodes with edges to earlier ones only, so that there is no cycle. */
import fc from 'fast-check'
import type { Graph, GraphNode } from '../../../../transform/index.ts'

type Draft = { readonly parents: readonly number[]; readonly isTest: boolean; readonly tag: string }

/** A node of a hand-made graph. */
export function makeNode(
  name: string,
  dependencies: readonly string[],
  extra: {
    readonly tags?: readonly string[]
    readonly isTest?: boolean
    readonly folders?: readonly string[]
  } = {},
): GraphNode {
  const kind = extra.isTest === true ? 'test' : 'model'
  const folders = extra.folders ?? []
  const base = {
    id: `${kind}.shop.${name}`,
    name,
    package: 'shop',
    file: ['models', ...folders, `${name}.sql`].join('/'),
    fqn: ['shop', ...folders, name],
    tags: extra.tags ?? [],
    description: '',
    config: {},
    dependencies: [...dependencies].sort(),
    sql: '',
  }
  if (kind === 'test') return { ...base, kind, severity: 'error', generic: undefined }
  const relation = { catalog: 'lake', schema: 'main', name }
  return { ...base, kind, relation, materialized: 'table', columns: [], rawSql: '', newRowsOf: [] }
}

export function makeGraph(nodes: readonly GraphNode[]): Graph {
  return {
    project: 'shop',
    targetPath: 'target',
    nodes: new Map(nodes.map((node) => [node.id, node])),
    sources: new Map(),
    problems: [],
    warnings: [],
  }
}

export const randomGraph: fc.Arbitrary<Graph> = fc
  .array(
    fc.record({
      parents: fc.array(fc.nat(30), { maxLength: 3 }),
      isTest: fc.boolean(),
      tag: fc.constantFrom('red', 'blue'),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((drafts) => makeGraph(link(drafts)))

function link(drafts: readonly Draft[]): GraphNode[] {
  const nodes: GraphNode[] = []
  for (const [index, { parents, isTest, tag }] of drafts.entries()) {
    const models = nodes.filter(({ kind }) => kind === 'model')
    const ids = models.length === 0 ? [] : parents.map((at) => models[at % models.length]?.id ?? '')
    const test = isTest && ids.length > 0
    nodes.push(makeNode(`n${index}`, [...new Set(ids)], { tags: [tag], isTest: test }))
  }
  return nodes
}
