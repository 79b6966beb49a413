/** Graph × selection → the nodes chosen. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Graph, SelectableNode } from '../compile/graph.ts'
import { stateComparison } from './compare-state.ts'
import { evaluate } from './evaluate.ts'
import { fnmatch } from './fnmatch.ts'
import { parseSelection } from './parse-selector.ts'
import type { StateInputs } from './previous-state.ts'
import { relativesOf } from './relatives.ts'
import type { IndirectSelection, SelectionGroup, SelectionSpec } from './selection-spec.ts'
import { parseSelectors, type Selectors } from './selector-definitions.ts'

export type Selection = {
  /** Nothing selected means everything, or the default of selectors.yml. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  /** Name of a definition of selectors.yml; it takes the place of both. */
  readonly selector?: string | undefined
  readonly indirectSelection?: IndirectSelection | undefined
  /** For `state:`, `result:` and `source_status:`. */
  readonly state?: StateInputs | undefined
}

/** Which of the nodes chosen a command works on. */
export type NodeFilter = (node: SelectableNode) => boolean

export type Selected = {
  /** Sorted by id. */
  readonly nodes: readonly SelectableNode[]
  /** What was asked for and matches nothing, and broken contracts of models without versions. */
  readonly warnings: readonly MillraceError[]
}

/**
 * Everything that a selection names, with the tests that come along.
 * @param filter what a command does not work on is left out; it counts inside `selector:` too, as in dbt
 * @throws `model/bad-selector`, `model/bad-selector-definition`, `model/unknown-selector`, `model/no-state`,
 * `model/contract-broken`
 */
export function selectNodes(
  graph: Graph,
  selection: Selection,
  filter: NodeFilter = () => true,
): Selected {
  const relatives = relativesOf(graph)
  const warnings: MillraceError[] = []
  const indirect = selection.indirectSelection ?? 'eager'
  const selectors = parseSelectors(graph.selectors, indirect)
  const { state } = selection
  const open: string[] = []
  const resolve = (spec: SelectionSpec): SelectableNode[] =>
    [...evaluate(spec, evaluation)].flatMap((id) => {
      const node = relatives.members.get(id)
      return node !== undefined && filter(node) ? [node] : []
    })
  const evaluation = {
    relatives,
    search: {
      graph,
      members: relatives.members,
      previous: state?.previous,
      stateMatcher: stateComparison(graph, state, (warning) => warnings.push(warning)),
      selectedBy: (pattern: string) =>
        new Set(
          named(selectors, pattern).flatMap(([name, spec]) =>
            guarded(open, name, () => resolve(spec)).map(({ id }) => id),
          ),
        ),
    },
    onNothing: (spec: SelectionGroup) => {
      warnings.push(nothingFound(spec, relatives.members.values()))
    },
  }
  const nodes = resolve(specOf(selection, selectors, indirect))
  return { nodes: nodes.sort((left, right) => (left.id < right.id ? -1 : 1)), warnings }
}

function specOf(
  { select, exclude, selector }: Selection,
  selectors: Selectors,
  indirect: IndirectSelection,
): SelectionSpec {
  const nothingSaid = select.length === 0 && exclude.length === 0
  const name = selector ?? (nothingSaid ? selectors.byDefault : undefined)
  if (name === undefined) return parseSelection(select, exclude, indirect)
  const spec = selectors.specs.get(name)
  if (spec !== undefined) return spec
  throw unknownSelector(name, selectors)
}

function named(selectors: Selectors, pattern: string): [string, SelectionSpec][] {
  const found = [...selectors.specs].filter(([name]) => fnmatch(name, pattern)).sort()
  if (found.length === 0) throw unknownSelector(pattern, selectors)
  return found
}

function unknownSelector(selector: string, { specs }: Selectors) {
  const parameters = { selector, nearest: nearest(selector, specs.keys()) }
  return problem('model/unknown-selector', parameters)
}

/** @throws `model/bad-selector` for a selector that needs itself */
function guarded<Value>(open: string[], name: string, resolve: () => Value): Value {
  if (open.includes(name)) {
    const circle = [...open.slice(open.indexOf(name)), name].join(' → ')
    const reason = `it needs itself: ${circle}`
    throw problem('model/bad-selector', { selector: `selector:${name}`, reason })
  }
  open.push(name)
  const value = resolve()
  open.pop()
  return value
}

/** Says so, with the nearest name when a single name was asked for. */
function nothingFound(spec: SelectionGroup, members: Iterable<SelectableNode>): MillraceError {
  const criterion = spec.text ?? ''
  const [only, ...others] = spec.components
  if (only?.kind !== 'criterion' || others.length > 0) {
    return problem('model/no-nodes', { criterion, nearest: undefined })
  }
  const known = knownValues(only.method, members)
  return problem('model/no-nodes', { criterion, nearest: nearest(String(only.value), known) })
}

function knownValues(method: string, members: Iterable<SelectableNode>): Set<string> {
  const nodes = [...members]
  switch (method) {
    case 'tag':
      return new Set(nodes.flatMap(({ tags }) => tags))
    case 'package':
      return new Set(nodes.map((node) => node.package))
    case 'source':
      return new Set(nodes.flatMap((node) => (node.kind === 'source' ? namesOf(node) : [])))
    case 'path':
    case 'file':
      return new Set(nodes.map(({ originalFile }) => originalFile))
    case 'fqn':
      return new Set(nodes.flatMap((node) => [node.name, ...node.fqn]))
    default:
      return new Set(nodes.flatMap((node) => (node.kind === method ? [node.name] : [])))
  }
}

function namesOf({ source, name }: { readonly source: string; readonly name: string }): string[] {
  return [source, `${source}.${name}`]
}
