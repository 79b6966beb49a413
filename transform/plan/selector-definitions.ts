/** selectors.yml: definitions → what they ask for. */
import { isProblem, MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { SelectorDefinition } from '../compile/graph.ts'
import { asObject, type JsonObject } from './json.ts'
import { parseCriterion, parseMethod } from './parse-selector.ts'
import {
  type Criterion,
  group,
  type IndirectSelection,
  indirectModes,
  type SelectionSpec,
} from './selection-spec.ts'

export type Selectors = {
  readonly specs: ReadonlyMap<string, SelectionSpec>
  /** Name of the one that stands for "nothing said". */
  readonly byDefault: string | undefined
}

/** Where a definition stands, and the mode of criteria that name none. */
type Place = Pick<SelectorDefinition, 'name' | 'at'> & { readonly indirect: IndirectSelection }

/** @throws `model/bad-selector-definition` with its place, for the first one that is wrong */
export function parseSelectors(
  definitions: readonly SelectorDefinition[],
  indirect: IndirectSelection,
): Selectors {
  const [first] = selectorProblems(definitions)
  if (first !== undefined) throw first
  const specs = definitions.map((one) => [one.name, parseRoot(one, indirect)] as const)
  return { specs: new Map(specs), byDefault: definitions.find((one) => one.isDefault)?.name }
}

/** Everything that is wrong in selectors.yml, each with its place. */
export function selectorProblems(definitions: readonly SelectorDefinition[]): MillraceError[] {
  const [chosen, ...others] = definitions.filter(({ isDefault }) => isDefault)
  const doubled = others.map((one) =>
    wrong({ ...one, indirect: 'eager' }, `says default: true, and so does ${chosen?.name}`),
  )
  const unreadable = definitions.flatMap((one) => {
    try {
      parseRoot(one, 'eager')
      return []
    } catch (error) {
      if (error instanceof MillraceError) return [error]
      throw error
    }
  })
  return [...doubled, ...unreadable]
}

function parseRoot(
  { name, at, definition }: SelectorDefinition,
  indirect: IndirectSelection,
): SelectionSpec {
  const place = { name, at, indirect }
  const keys = Object.keys(asObject(definition))
  if (keys.length > 1 && keys.some((key) => key === 'union' || key === 'intersection')) {
    throw wrong(
      place,
      `has ${keys.join(', ')}, and a union or an intersection stands alone at the top`,
    )
  }
  return parseDefinition(place, definition)
}

function parseDefinition(place: Place, definition: unknown): SelectionSpec {
  if (typeof definition === 'string') {
    return located(place, () => parseCriterion(definition, place.indirect))
  }
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    throw wrong(place, `is neither text nor a map: ${JSON.stringify(definition)}`)
  }
  const map = asObject(definition)
  for (const kind of ['union', 'intersection'] as const) {
    if (kind in map) return parseGroup(place, kind, map[kind])
  }
  return parseMap(place, map)
}

/** An entry `exclude:` of a union or an intersection is taken away from the rest of it. */
function parseGroup(place: Place, kind: 'union' | 'intersection', value: unknown): SelectionSpec {
  const parts = parseList(place, kind, value)
  const [exclusion, second] = parts.filter(isExclusion)
  if (second !== undefined) throw wrong(place, `has more than one exclude: in one ${kind}:`)
  const included = parts.filter((part) => !isExclusion(part))
  const spec = group(
    kind,
    included.map((part) => parseDefinition(place, part)),
  )
  return exclusion === undefined ? spec : without(place, spec, exclusion)
}

function without(place: Place, spec: SelectionSpec, definition: unknown): SelectionSpec {
  const parts = parseList(place, 'exclude', asObject(definition)['exclude'])
  const specs = parts.map((part) => parseDefinition(place, part))
  const [only, ...others] = specs
  if (only === undefined) return spec
  return group('difference', [spec, others.length === 0 ? only : group('union', specs)])
}

function isExclusion(definition: unknown): boolean {
  return 'exclude' in asObject(definition)
}

function parseList(place: Place, key: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(place, `needs a list under ${key}:`)
  return value
}

/** `{tag: nightly}`, or `{method: tag, value: nightly, children: true, …}`. */
function parseMap(place: Place, map: JsonObject): SelectionSpec {
  const [only, ...others] = Object.entries(map)
  if (only !== undefined && others.length === 0) {
    return parseFields(place, { method: only[0], value: only[1] })
  }
  if (!('method' in map && 'value' in map)) {
    throw wrong(place, `has ${Object.keys(map).join(', ') || 'no keys'}, and no method and value`)
  }
  const spec = parseFields(place, map)
  return isExclusion(map) ? without(place, spec, map) : spec
}

function parseFields(place: Place, map: JsonObject): Criterion {
  const { method, value } = map
  const indirect = map['indirect_selection'] ?? place.indirect
  const mode = indirectModes.find((known) => known === indirect)
  if (mode === undefined) {
    const known = indirectModes.join(', ')
    throw wrong(place, `has indirect_selection: ${String(indirect)}; there are ${known}`)
  }
  const isClosed = Boolean(map['childrens_parents'])
  if (isClosed && map['children']) {
    throw wrong(place, 'has both children and childrens_parents')
  }
  return {
    kind: 'criterion',
    ...located(place, () => parseMethod(`${String(method)}:${String(value)}`, String(method))),
    value,
    parents: generations(place, map, 'parents'),
    children: generations(place, map, 'children'),
    isClosed,
    indirect: mode,
  }
}

/** A depth of 0 is one that was not said: dbt takes it so. */
function generations(place: Place, map: JsonObject, side: 'parents' | 'children'): number {
  if (!map[side]) return 0
  const depth = map[`${side}_depth`]
  if (!depth) return Number.POSITIVE_INFINITY
  const count = Number(depth)
  if (Number.isInteger(count)) return count
  throw wrong(place, `has ${side}_depth: ${String(depth)}, which is not a whole number`)
}

/** Gives a mistake in the text of a criterion the place of its definition. */
function located<Value>(place: Place, parse: () => Value): Value {
  try {
    return parse()
  } catch (cause) {
    if (!isProblem(cause, 'model/bad-selector')) throw cause
    throw wrong(place, `cannot be read: ${messageOf(cause).replace(/\.$/, '')}`, cause)
  }
}

function wrong({ name, at }: Place, reason: string, cause?: unknown): MillraceError {
  const parameters = { selector: name, reason }
  return problem('model/bad-selector-definition', parameters, { at, cause })
}
