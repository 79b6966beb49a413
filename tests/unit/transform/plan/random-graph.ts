/** Graphs for tests: hand-made nodes, and random ones with edges to earlier nodes only, so that there is no circle. */
import fc from 'fast-check'
import type {
  FunctionNode,
  Graph,
  GraphNode,
  ModelNode,
  OperationNode,
  SeedNode,
  SelectableNode,
  SnapshotNode,
  SourceNode,
  TestNode,
  UnitTestNode,
} from '../../../../transform/compile/graph.ts'

type Given<Node> = Partial<Omit<Node, 'kind' | 'id' | 'name'>> & {
  readonly folders?: readonly string[]
}

const nothing = {
  package: 'shop',
  tags: [],
  meta: {},
  description: '',
  docBlocks: [],
  config: {},
  dependencies: [],
  unrenderedConfig: {},
  columns: [],
}

const code = {
  ...nothing,
  macros: [],
  metrics: [],
  functions: [],
  group: undefined,
  refs: [],
  sources: [],
  patch: undefined,
  rawCode: 'select 1 as id',
  checksum: '',
  language: 'sql',
} as const

const relation = { catalog: 'lake', schema: 'main', name: 'a' }

function place(kind: string, name: string, folder: string, { folders = [] }: Given<unknown>) {
  const path = [...folders, `${name}.sql`].join('/')
  const id = `${kind}.shop.${name}`
  return { id, name, ...inFile(`${folder}/${path}`), path, fqn: ['shop', ...folders, name] }
}

function inFile(file: string) {
  return { file, originalFile: file }
}

export function makeModel(name: string, given: Given<ModelNode> = {}): ModelNode {
  return {
    ...code,
    ...place('model', name, 'models', given),
    kind: 'model',
    relation: { ...relation, name },
    materialized: 'table',
    version: undefined,
    latestVersion: undefined,
    access: 'protected',
    deprecationDate: undefined,
    constraints: [],
    timeSpine: undefined,
    newRowsOf: [],
    ...given,
    config: { materialized: given.materialized ?? 'table', ...given.config },
  }
}

/** A version of a model: `dim` and 2 make `model.shop.dim.v2`. */
export function makeVersion(name: string, version: number, given: Given<ModelNode>): ModelNode {
  const model = makeModel(name, { ...given, version })
  return { ...model, id: `${model.id}.v${version}`, fqn: [...model.fqn, `v${version}`] }
}

export function makeTest(name: string, given: Given<TestNode> = {}): TestNode {
  return {
    ...code,
    ...place('test', name, 'tests', given),
    kind: 'test',
    relation: { ...relation, name },
    severity: 'error',
    generic: undefined,
    ...given,
  }
}

export function makeSeed(name: string, given: Given<SeedNode> = {}): SeedNode {
  const made = place('seed', name, 'seeds', given)
  return {
    ...code,
    ...made,
    ...inFile(made.file.replace(/sql$/, 'csv')),
    kind: 'seed',
    relation: { ...relation, name },
    absolutePath: '',
    ...given,
  }
}

export function makeSnapshot(name: string, given: Given<SnapshotNode> = {}): SnapshotNode {
  const made = place('snapshot', name, 'snapshots', given)
  return { ...code, ...made, kind: 'snapshot', relation, ...given }
}

export function makeFunction(name: string, given: Given<FunctionNode> = {}): FunctionNode {
  const made = place('function', name, 'functions', given)
  return {
    ...code,
    ...made,
    kind: 'function',
    relation: { ...relation, name },
    arguments: [],
    returns: {},
    ...given,
  }
}

export function makeHook(
  when: OperationNode['when'],
  index: number,
  given: Given<OperationNode> = {},
): OperationNode {
  const made = place('operation', `shop-${when}-${index}`, 'hooks', given)
  return { ...code, ...made, kind: 'operation', relation, when, index, ...given }
}

export function makeSource(source: string, name: string): SourceNode {
  return {
    ...nothing,
    ...place('source', name, 'models', {}),
    id: `source.shop.${source}.${name}`,
    ...inFile('models/sources.yml'),
    fqn: ['shop', source, name],
    kind: 'source',
    source,
    relation,
    properties: {},
  }
}

export function makeUnitTest(name: string, model: string): UnitTestNode {
  return {
    ...nothing,
    ...place('unit_test', name, 'models', {}),
    id: `unit_test.shop.${model}.${name}`,
    ...inFile('models/unit.yml'),
    fqn: ['shop', 'checks', model, name],
    kind: 'unit_test',
    model,
    dependencies: [`model.shop.${model}`],
    properties: {},
    version: undefined,
  }
}

type Extras = Partial<Pick<Graph, 'selectors' | 'macros' | 'disabled' | 'described'>>

export function makeGraph(nodes: readonly SelectableNode[], extras: Extras = {}): Graph {
  const ofKind = <Node extends SelectableNode>(is: (node: SelectableNode) => node is Node) =>
    new Map(nodes.filter(is).map((node) => [node.id, node]))
  return {
    project: 'shop',
    root: '/shop',
    quoting: {},
    targetPath: 'target',
    flags: {},
    nodes: ofKind((node): node is GraphNode => 'rawCode' in node),
    sources: ofKind((node) => node.kind === 'source'),
    unitTests: ofKind((node) => node.kind === 'unit_test'),
    described: new Map(),
    groups: new Map(),
    macros: new Map(),
    docs: new Map(),
    disabled: new Map(),
    selectors: [],
    problems: [],
    warnings: [],
    latent: [],
    vars: {},
    ...extras,
  }
}

type Draft = {
  readonly kind: 'model' | 'test' | 'seed' | 'source' | 'unit_test' | 'function'
  readonly parents: readonly number[]
  readonly tag: string
}

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom(
    'model',
    'model',
    'model',
    'test',
    'test',
    'seed',
    'source',
    'unit_test',
    'function',
  ),
  parents: fc.array(fc.nat(30), { maxLength: 3 }),
  tag: fc.constantFrom('red', 'blue', 'green'),
})

/** Models, data tests, seeds, sources, unit tests and functions, named n0, n1, … and tagged red, blue or green. */
export const randomGraph: fc.Arbitrary<Graph> = fc
  .array(draft, { minLength: 1, maxLength: 25 })
  .map((drafts) => makeGraph(link(drafts)))

function link(drafts: readonly Draft[]): SelectableNode[] {
  const nodes: SelectableNode[] = []
  for (const [index, { kind, parents, tag }] of drafts.entries()) {
    const readable = nodes.filter(({ kind: of }) => of !== 'test' && of !== 'unit_test')
    const chosen = parents.flatMap((at) => readable[at % readable.length] ?? [])
    const dependencies = [...new Set(chosen.map(({ id }) => id))].sort()
    nodes.push(makeNode(kind, `n${index}`, { dependencies, tags: [tag] }, chosen))
  }
  return nodes
}

function makeNode(
  kind: Draft['kind'],
  name: string,
  given: { readonly dependencies: readonly string[]; readonly tags: readonly string[] },
  parents: readonly SelectableNode[],
): SelectableNode {
  const model = parents.find((parent) => parent.kind === 'model')
  const { tags } = given
  switch (kind) {
    case 'seed':
      return makeSeed(name, { tags })
    case 'source':
      return { ...makeSource('raw', name), tags }
    case 'test':
      return given.dependencies.length > 0 ? makeTest(name, given) : makeModel(name, given)
    case 'unit_test':
      return model === undefined
        ? makeModel(name, given)
        : { ...makeUnitTest(name, model.name), tags }
    case 'function':
      return makeFunction(name, given)
    default:
      return makeModel(name, given)
  }
}
