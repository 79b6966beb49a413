/** Graph × selection → the ids chosen. */
import type { Graph } from '../compile/graph.ts'
import { matchesCriterion, type SelectableNode } from './match-node.ts'
import { type Criterion, parseSelector, type Selector } from './parse-selector.ts'
import { Relatives } from './relatives.ts'

export type Selection = {
  /** Nothing selected means everything. */
  readonly select: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * The nodes that a selection names, sources left out, sorted. A data test comes along when any node it reads was
 * chosen, and goes when any was excluded.
 * @throws `model/bad-selector`
 */
export function selectNodes(graph: Graph, selection: Selection): string[] {
  return selectAllNodes(graph, selection).flatMap(({ id, kind }) => (kind === 'source' ? [] : [id]))
}

/** The same, sources with them. */
export function selectAllNodes(graph: Graph, selection: Selection): SelectableNode[] {
  const relatives = new Relatives(graph)
  const include = parseSelector(selection.select)
  const exclude = parseSelector(selection.exclude)
  const chosen =
    include.length === 0
      ? new Set(allNodes(graph).map(({ id }) => id))
      : resolve(graph, relatives, include)
  for (const id of resolve(graph, relatives, exclude)) chosen.delete(id)
  return [...chosen].sort().flatMap((id) => graph.nodes.get(id) ?? graph.sources.get(id) ?? [])
}

/** Criteria that name nothing at all; worth a warning, because they are often misspelt. */
export function findEmptyCriteria(graph: Graph, selection: Selection): string[] {
  const relatives = new Relatives(graph)
  return parseSelector(selection.select)
    .flat()
    .filter((criterion) => resolveCriterion(graph, relatives, criterion).size === 0)
    .map(({ text }) => text)
}

function resolve(graph: Graph, relatives: Relatives, selector: Selector): Set<string> {
  const found = new Set<string>()
  for (const criteria of selector) {
    const sets = criteria.map((one) =>
      withTests(graph, relatives, resolveCriterion(graph, relatives, one)),
    )
    const [first = new Set<string>(), ...rest] = sets
    for (const id of first) if (rest.every((set) => set.has(id))) found.add(id)
  }
  return found
}

function resolveCriterion(graph: Graph, relatives: Relatives, criterion: Criterion): Set<string> {
  const matched = allNodes(graph).filter((node) => matchesCriterion(node, criterion))
  const found = new Set<string>()
  for (const { id } of matched) {
    found.add(id)
    if (criterion.isClosed) addClosed(relatives, id, found)
    for (const parent of relatives.ancestors(id, criterion.parents)) found.add(parent)
    for (const child of relatives.descendants(id, criterion.children)) found.add(child)
  }
  return found
}

function addClosed(relatives: Relatives, id: string, found: Set<string>): void {
  for (const child of [id, ...relatives.descendants(id)]) {
    found.add(child)
    for (const parent of relatives.ancestors(child)) found.add(parent)
  }
}

/** dbt's "eager": a test is chosen with any of the nodes it reads. */
function withTests(graph: Graph, relatives: Relatives, chosen: ReadonlySet<string>): Set<string> {
  const all = new Set(chosen)
  for (const id of chosen) {
    for (const child of relatives.children(id)) {
      if (graph.nodes.get(child)?.kind === 'test') all.add(child)
    }
  }
  return all
}

function allNodes(graph: Graph): SelectableNode[] {
  return [...graph.nodes.values(), ...graph.sources.values()]
}
