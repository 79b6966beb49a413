/**
 * Selection spec × graph → ids. Follows dbt step by step: each criterion finds nodes, then neighbours, then tests;
 * groups combine both what was found and what might still come along once its other parents are chosen.
 */
import type { SelectableNode } from '../compile/graph.ts'
import { matcherOf, type Search } from './methods.ts'
import { dependenciesOf, type Relatives } from './relatives.ts'
import type {
  Criterion,
  IndirectSelection,
  SelectionGroup,
  SelectionSpec,
} from './selection-spec.ts'

type Ids = ReadonlySet<string>

/** `indirect` holds tests some of whose parents were chosen, and in groups what was chosen too. */
type Found = { readonly chosen: Ids; readonly indirect: Ids }

export type Evaluation = {
  readonly relatives: Relatives
  readonly search: Search
  /** Receives the text of what was typed and matches nothing. */
  readonly onNothing: (spec: SelectionGroup) => void
}

const none: Ids = new Set()

export function evaluate(spec: SelectionSpec, evaluation: Evaluation): Ids {
  return find(spec, evaluation).chosen
}

function find(spec: SelectionSpec, evaluation: Evaluation): Found {
  switch (spec.kind) {
    case 'everything':
      return { chosen: new Set(evaluation.relatives.members.keys()), indirect: none }
    case 'criterion':
      return findCriterion(spec, evaluation)
    case 'union':
    case 'intersection':
    case 'difference':
      return findGroup(spec, evaluation)
    default:
      return spec satisfies never
  }
}

function findCriterion(criterion: Criterion, { relatives, search }: Evaluation): Found {
  const matches = matcherOf(criterion, search)
  const named = new Set<string>()
  for (const node of relatives.members.values()) if (matches(node)) named.add(node.id)
  const chosen = withNeighbours(named, criterion, relatives)
  // What selectors.yml holds has its tests already, and has lost those it excludes.
  if (criterion.indirect === 'empty' || criterion.method === 'selector') {
    return { chosen, indirect: none }
  }
  return withTests(chosen, criterion.indirect, relatives)
}

function withNeighbours(named: Ids, criterion: Criterion, relatives: Relatives): Set<string> {
  const chosen = new Set(named)
  const { isClosed, parents, children } = criterion
  if (isClosed) {
    const below = union([named, relatives.descendants(named)])
    addAll(chosen, below)
    addAll(chosen, relatives.ancestors(below))
  }
  if (parents > 0) addAll(chosen, relatives.ancestors(named, parents))
  if (children > 0) addAll(chosen, relatives.descendants(named, children))
  return chosen
}

function withTests(nodes: Ids, mode: IndirectSelection, relatives: Relatives): Found {
  const chosen = new Set(nodes)
  const indirect = new Set<string>()
  const isSource = (id: string) => relatives.members.get(id)?.kind === 'source'
  const above = mode === 'buildable' ? relatives.ancestors(nodes) : none
  for (const id of nodes) {
    for (const child of relatives.children(id)) {
      const test = relatives.members.get(child)
      if (test?.kind !== 'test' && test?.kind !== 'unit_test') continue
      const isComplete =
        mode === 'eager' ||
        reads(test, (parent) => nodes.has(parent)) ||
        (mode === 'buildable' &&
          reads(test, (parent) => nodes.has(parent) || above.has(parent) || isSource(parent)))
      if (isComplete) chosen.add(child)
      else indirect.add(child)
    }
  }
  return { chosen, indirect }
}

function reads(test: SelectableNode, isThere: (id: string) => boolean): boolean {
  return dependenciesOf(test).every(isThere)
}

function findGroup(spec: SelectionGroup, evaluation: Evaluation): Found {
  const parts = spec.components.map((component) => find(component, evaluation))
  const combine = combiners[spec.kind]
  const chosen = combine(parts.map((part) => part.chosen))
  const indirect = combine(
    parts.map((part) =>
      part.indirect.size === 0 ? part.chosen : union([part.chosen, part.indirect]),
    ),
  )
  const complete = completeTests(chosen, indirect, spec.indirect, evaluation.relatives)
  if (spec.text !== undefined && complete.size === 0) evaluation.onNothing(spec)
  return { chosen: complete, indirect }
}

/** Tests that one part left out and whose parents another part brought. */
function completeTests(
  chosen: Ids,
  indirect: Ids,
  mode: IndirectSelection,
  relatives: Relatives,
): Ids {
  if (mode === 'eager' || mode === 'empty') return chosen
  const complete = new Set(chosen)
  const above = mode === 'buildable' ? relatives.ancestors(chosen) : none
  for (const id of indirect) {
    const node = relatives.members.get(id)
    if (node === undefined || !('rawCode' in node) || node.kind === 'function') continue
    if (reads(node, (parent) => complete.has(parent) || above.has(parent))) complete.add(id)
  }
  return complete
}

const combiners: Readonly<Record<SelectionGroup['kind'], (sets: readonly Ids[]) => Ids>> = {
  union,
  intersection: ([first = none, ...rest]) =>
    new Set([...first].filter((id) => rest.every((set) => set.has(id)))),
  difference: ([first = none, ...rest]) =>
    new Set([...first].filter((id) => !rest.some((set) => set.has(id)))),
}

function union(sets: readonly Ids[]): Set<string> {
  const all = new Set<string>()
  for (const set of sets) addAll(all, set)
  return all
}

function addAll(target: Set<string>, ids: Ids): void {
  for (const id of ids) target.add(id)
}
