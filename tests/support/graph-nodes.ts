/** Hand-made resources of a graph, one maker a kind; a test says only what it is about. */
import type {
  AnalysisNode,
  DescribedNode,
  FunctionNode,
  Graph,
  GraphNode,
  GroupNode,
  MacroNode,
  ModelNode,
  OperationNode,
  SeedNode,
  SnapshotNode,
  SourceNode,
  TestNode,
  UnitTestNode,
} from '../../transform/compile/graph.ts'
import type { Column } from '../../transform/project/project.ts'

type Over<Node> = Partial<Node> & { readonly name: string }

function resource(kind: string, name: string, file: string) {
  return {
    id: `${kind}.shop.${name}`,
    name,
    package: 'shop',
    file,
    originalFile: file,
    path: file.slice(file.indexOf('/') + 1),
    fqn: ['shop', name],
    tags: [],
    meta: {},
    description: '',
    docBlocks: [],
    config: {},
    unrenderedConfig: {},
  }
}

function code(kind: string, name: string, file: string) {
  return {
    ...resource(kind, name, file),
    relation: { catalog: 'dev', schema: 'main', name },
    dependencies: [],
    macros: [],
    refs: [],
    sources: [],
    columns: [],
    patch: undefined,
    rawCode: 'select 1 as id',
    checksum: 'c0ffee',
    language: 'sql' as const,
    group: undefined,
    metrics: [],
    functions: [],
  }
}

export function makeColumn(over: Over<Column>): Column {
  return {
    description: '',
    dataType: undefined,
    meta: {},
    tags: [],
    quote: undefined,
    constraints: [],
    config: {},
    docs: {},
    granularity: undefined,
    dimension: undefined,
    entity: undefined,
    extra: {},
    ...over,
  }
}

export function makeModel(over: Over<ModelNode>): ModelNode {
  return {
    ...code('model', over.name, `models/${over.name}.sql`),
    kind: 'model',
    materialized: 'view',
    version: undefined,
    latestVersion: undefined,
    access: 'protected',
    deprecationDate: undefined,
    constraints: [],
    timeSpine: undefined,
    newRowsOf: [],
    ...over,
  }
}

export function makeSeed(over: Over<SeedNode>): SeedNode {
  const file = `seeds/${over.name}.csv`
  return {
    ...code('seed', over.name, file),
    kind: 'seed',
    rawCode: '',
    absolutePath: `/shop/${file}`,
    ...over,
  }
}

export function makeSnapshot(over: Over<SnapshotNode>): SnapshotNode {
  return {
    ...code('snapshot', over.name, 'snapshots/all.sql'),
    kind: 'snapshot',
    config: { strategy: 'check', unique_key: 'id', check_cols: 'all' },
    ...over,
  }
}

export function makeTest(over: Over<TestNode>): TestNode {
  return {
    ...code('test', over.name, `tests/${over.name}.sql`),
    kind: 'test',
    severity: 'error',
    generic: undefined,
    ...over,
  }
}

/** A generic test of a schema file. */
export function makeGenericTest(
  test: string,
  subject: { readonly id: string; readonly name: string },
  column: string | undefined,
  over: Partial<TestNode> = {},
): TestNode {
  const name = `${test}_${subject.name}_${column ?? ''}`
  const generic = { test, namespace: undefined, column, subject: subject.id, arguments: {} }
  return makeTest({
    name,
    file: 'models/schema.yml',
    originalFile: 'models/schema.yml',
    path: `${name}.sql`,
    dependencies: [subject.id],
    generic,
    ...over,
  })
}

export function makeAnalysis(over: Over<AnalysisNode>): AnalysisNode {
  return { ...code('analysis', over.name, `analyses/${over.name}.sql`), kind: 'analysis', ...over }
}

export function makeOperation(over: Over<OperationNode>): OperationNode {
  return {
    ...code('operation', over.name, 'dbt_project.yml'),
    kind: 'operation',
    when: 'on-run-start',
    index: 0,
    ...over,
  }
}

export function makeFunction(over: Over<FunctionNode>): FunctionNode {
  return {
    ...code('function', over.name, `functions/${over.name}.sql`),
    kind: 'function',
    arguments: [{ name: 'x', data_type: 'integer' }],
    returns: { data_type: 'integer' },
    ...over,
  }
}

export function makeSource(over: Over<SourceNode>): SourceNode {
  const base = resource('source', `raw.${over.name}`, 'models/schema.yml')
  return {
    ...base,
    kind: 'source',
    source: 'raw',
    columns: [],
    relation: { catalog: 'dev', schema: 'raw', name: over.name },
    properties: {},
    ...over,
  }
}

export function makeUnitTest(over: Over<UnitTestNode>): UnitTestNode {
  const { unrenderedConfig, ...base } = resource('unit_test', over.name, 'models/schema.yml')
  return {
    ...base,
    kind: 'unit_test',
    model: 'orders',
    dependencies: [],
    properties: { given: [], expect: { rows: [] } },
    version: undefined,
    ...over,
  }
}

export function makeDescribed(
  kind: DescribedNode['kind'],
  over: Over<DescribedNode>,
): DescribedNode {
  return {
    ...resource(kind, over.name, 'models/schema.yml'),
    kind,
    dependencies: [],
    refs: [],
    sources: [],
    properties: {},
    ...over,
  }
}

export function makeGroup(over: Over<GroupNode>): GroupNode {
  const { id, file, path } = resource('group', over.name, 'models/schema.yml')
  return {
    kind: 'group',
    id,
    package: 'shop',
    file,
    path,
    description: undefined,
    owner: { name: 'Ann' },
    config: {},
    ...over,
  }
}

export function makeMacro(over: Over<MacroNode>): MacroNode {
  const { id, file, path } = resource('macro', over.name, `macros/${over.name}.sql`)
  return {
    kind: 'macro',
    id,
    package: 'shop',
    file,
    path,
    code: `{% macro ${over.name}() %}1{% endmacro %}`,
    description: '',
    meta: {},
    docs: {},
    arguments: [],
    patch: undefined,
    macros: [],
    ...over,
  }
}

type Parts = {
  readonly nodes?: readonly GraphNode[]
  readonly sources?: readonly SourceNode[]
  readonly unitTests?: readonly UnitTestNode[]
  readonly described?: readonly DescribedNode[]
  readonly groups?: readonly GroupNode[]
  readonly macros?: readonly MacroNode[]
} & Partial<Pick<Graph, 'quoting' | 'docs' | 'disabled' | 'selectors'>>

export function makeGraph(parts: Parts = {}): Graph {
  const { nodes, sources, unitTests, described, groups, macros, ...rest } = parts
  return {
    project: 'shop',
    root: '/shop',
    quoting: {},
    targetPath: 'target',
    flags: {},
    nodes: byId(nodes),
    sources: byId(sources),
    unitTests: byId(unitTests),
    described: byId(described),
    groups: byId(groups),
    macros: byId(macros),
    docs: new Map(),
    disabled: new Map(),
    selectors: [],
    problems: [],
    warnings: [],
    latent: [],
    vars: {},
    ...rest,
  }
}

function byId<Resource extends { readonly id: string }>(resources: readonly Resource[] = []) {
  return new Map(resources.map((one) => [one.id, one] as const))
}
