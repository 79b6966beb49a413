/** Selection methods: what stands before the colon, and which nodes it means. */
import { problem } from '../../core/problems.ts'
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { fnmatch } from './fnmatch.ts'
import { configMatcher } from './match-config.ts'
import { nameMatcher } from './match-name.ts'
import { fileMatcher, pathMatcher } from './match-path.ts'
import { findFresherSources, findResults } from './match-results.ts'
import { versionMatcher } from './match-version.ts'
import type { PreviousState } from './previous-state.ts'
import type { Criterion } from './selection-spec.ts'

/** What methods look at beyond the node itself. */
export type Search = {
  readonly graph: Graph
  readonly members: ReadonlyMap<string, SelectableNode>
  readonly previous: PreviousState | undefined
  /** Whether a node differs from the previous state. @throws `model/no-state` */
  readonly stateMatcher: (check: string) => Matcher
  /** Ids that the selectors of selectors.yml hold whose names fit the pattern. */
  readonly selectedBy: (pattern: string) => ReadonlySet<string>
}

export type Matcher = (node: SelectableNode) => boolean
type Method = (value: string, criterion: Criterion, search: Search) => Matcher

const methods = {
  fqn: nameMatcher,
  tag: (value) => (node) => node.tags.some((tag) => fnmatch(tag, value)),
  group: (value) => (node) => {
    const owner = groupOf(node)
    return owner !== undefined && fnmatch(owner, value)
  },
  access: (value) => (node) => node.kind === 'model' && node.access === value,
  source: matchSource,
  path: (value, _, { graph, members }) => pathMatcher(graph, members.values(), value),
  file: fileMatcher,
  package: (value, _, { graph }) => {
    const wanted = value === 'this' ? graph.project : value
    return (node) => fnmatch(node.package, wanted)
  },
  config: (_, criterion) => configMatcher(criterion.arguments, criterion.value),
  test_name: (value) => (node) => {
    if (node.kind === 'unit_test') return fnmatch(node.name, value)
    return isGenericTest(node) && fnmatch(node.generic?.test.split('.').at(-1) ?? '', value)
  },
  test_type: matchTestType,
  resource_type: matchKind,
  state: (value, _, { stateMatcher }) => stateMatcher(value),
  exposure: ownName('exposure'),
  metric: ownName('metric'),
  result: (value, _, { previous }) => oneOf(findResults(previous, value)),
  source_status: (value, _, { previous }) => oneOf(findFresherSources(previous, value)),
  version: versionMatcher,
  semantic_model: ownName('semantic_model'),
  saved_query: ownName('saved_query'),
  unit_test: ownName('unit_test'),
  function: ownName('function'),
  selector: (value, _, { selectedBy }) => oneOf(selectedBy(value)),
} as const satisfies Readonly<Record<string, Method>>

export type MethodName = keyof typeof methods

export const methodNames: readonly string[] = Object.keys(methods)

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name)
}

/**
 * Which nodes a criterion names, neighbours and tests aside.
 * @throws `model/bad-selector` when the method does not take such a value, `model/no-state`
 */
export function matcherOf(criterion: Criterion, search: Search): Matcher {
  const { method, value } = criterion
  if (!isMethod(method)) throw bad(criterion, `there is no method ${method}`)
  const make: Method = methods[method]
  return make(String(value), criterion, search)
}

function oneOf(ids: ReadonlySet<string>): Matcher {
  return ({ id }) => ids.has(id)
}

/** `name` or `package.name`. */
function ownName(kind: SelectableNode['kind']): Method {
  return (value, criterion) => {
    const parts = value.split('.')
    if (parts.length > 2) throw bad(criterion, `write ${kind}:name or ${kind}:package.name`)
    const [name = '', owner = '*'] = parts.reverse()
    return (node) => node.kind === kind && fnmatch(node.package, owner) && fnmatch(node.name, name)
  }
}

function matchSource(value: string, criterion: Criterion): Matcher {
  const parts = value.split('.')
  const form = 'source:name, source:name.table or source:package.name.table'
  if (parts.length > 3) throw bad(criterion, `write ${form}`)
  const [owner, source, table = '*'] = parts.length === 3 ? parts : ['*', ...parts]
  return (node) =>
    node.kind === 'source' &&
    fnmatch(node.package, owner ?? '*') &&
    fnmatch(node.source, source ?? '*') &&
    fnmatch(node.name, table)
}

function matchTestType(value: string, criterion: Criterion): Matcher {
  switch (value) {
    case 'generic':
    case 'schema':
      return isGenericTest
    case 'singular':
      return (node) => node.kind === 'test' && !isGenericTest(node)
    case 'data':
      return ({ kind }) => kind === 'test'
    case 'unit':
      return ({ kind }) => kind === 'unit_test'
    default:
      throw bad(criterion, 'there are generic, singular, unit and data')
  }
}

const kinds: readonly string[] = [
  ...['model', 'seed', 'snapshot', 'test', 'unit_test', 'source', 'exposure', 'metric'],
  ...['semantic_model', 'saved_query', 'analysis', 'operation', 'function'],
]

function matchKind(value: string, criterion: Criterion): Matcher {
  if (!kinds.includes(value)) throw bad(criterion, `there are ${kinds.join(', ')}`)
  return ({ kind }) => kind === value
}

function isGenericTest(node: SelectableNode): node is SelectableNode & { readonly kind: 'test' } {
  return node.kind === 'test' && node.generic !== undefined
}

/** Of what has code of its own, and of metrics. */
function groupOf(node: SelectableNode): string | undefined {
  if (node.kind === 'function') return undefined
  const group = 'group' in node ? node.group : node.config['group']
  const isGroupable = 'rawCode' in node || node.kind === 'metric'
  return isGroupable && typeof group === 'string' ? group : undefined
}

function bad({ method, value }: Criterion, reason: string) {
  return problem('model/bad-selector', { selector: `${method}:${value}`, reason })
}
