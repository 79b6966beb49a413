/** What the export and its lint know of a project: nodes as they are described, no SQL that was rendered. */

export type DescribedColumn = {
  readonly name: string
  readonly meta: Readonly<Record<string, unknown>>
}

/** A model, seed, snapshot or source. */
export type DescribedNode = {
  readonly id: string
  readonly name: string
  readonly file: string
  readonly relation: { readonly schema: string; readonly name: string }
  readonly meta: Readonly<Record<string, unknown>>
  readonly columns: readonly DescribedColumn[]
  /** Ids of what it reads itself. */
  readonly reads: readonly string[]
  /** Its template; empty for what has none. */
  readonly code: string
  /** The templates of the macros that it calls, those of every project left out. */
  readonly macroCode: string
}

export type DescribedProject = ReadonlyMap<string, DescribedNode>

/** Columns with `meta: {feature: <group>}`, in their order. */
export function featureColumns(node: DescribedNode): readonly DescribedColumn[] {
  return node.columns.filter(({ meta }) => typeof meta['feature'] === 'string')
}

/** Columns with `meta: {label: <variable that holds the horizon>}`. */
export function labelColumns(node: DescribedNode): readonly DescribedColumn[] {
  return node.columns.filter(({ meta }) => typeof meta['label'] === 'string')
}

/** Everything that a node reads, itself and through others, with the way there; nodes that are not described are left out. */
export function upstreamOf(
  project: DescribedProject,
  node: DescribedNode,
): ReadonlyMap<DescribedNode, readonly string[]> {
  const found = new Map<DescribedNode, readonly string[]>()
  const visit = (one: DescribedNode, way: readonly string[]): void => {
    for (const id of one.reads) {
      const upstream = project.get(id)
      if (upstream === undefined || upstream === node || found.has(upstream)) continue
      const further = [...way, upstream.name]
      found.set(upstream, further)
      visit(upstream, further)
    }
  }
  visit(node, [node.name])
  return found
}
