/** What a selection asks for, whether it was typed or stands in selectors.yml. */

export const indirectModes = ['eager', 'cautious', 'buildable', 'empty'] as const
/** When a test that was not named comes along with the nodes it reads. */
export type IndirectSelection = (typeof indirectModes)[number]

export type Criterion = {
  readonly kind: 'criterion'
  readonly method: string
  /** The parts of `config.meta.owner` behind the first dot. */
  readonly arguments: readonly string[]
  /** Text, or what YAML holds. */
  readonly value: unknown
  /** How many generations of parents and children come along; Infinity for all. */
  readonly parents: number
  readonly children: number
  /** `@name`: the node, its descendants, and all ancestors of those. */
  readonly isClosed: boolean
  readonly indirect: IndirectSelection
}

export type SelectionGroup = {
  readonly kind: 'union' | 'intersection' | 'difference'
  readonly components: readonly SelectionSpec[]
  readonly indirect: IndirectSelection
  /** As it was typed; a warning names it when it matches nothing. */
  readonly text: string | undefined
}

export type SelectionSpec = Criterion | SelectionGroup | { readonly kind: 'everything' }

export function group(
  kind: SelectionGroup['kind'],
  components: readonly SelectionSpec[],
  indirect: IndirectSelection = 'eager',
  text?: string,
): SelectionGroup {
  return { kind, components, indirect, text }
}
