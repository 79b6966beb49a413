/** Which columns hold personal data, by what the project says of its models. */
import type { Graph } from '../../transform/index.ts'

type Columns = readonly {
  readonly name: string
  readonly meta: { readonly [key: string]: unknown }
}[]

/**
 * `schema.table` in lower case → its columns with `meta: {pii: true}`. A column of the same name as one with personal
 * data in a table upstream holds it too, unless it says `pii: false`. Every table of the project is named, also one
 * without such columns.
 */
export function personalColumnsOf(
  graph: Pick<Graph, 'nodes' | 'sources'>,
): Record<string, readonly string[]> {
  const known = new Map<string, ReadonlySet<string>>()
  const columnsOf = (id: string): ReadonlySet<string> => {
    const found = known.get(id)
    if (found !== undefined) return found
    const node = graph.nodes.get(id) ?? graph.sources.get(id)
    // Stands for the node while its upstream is looked at.
    known.set(id, new Set())
    const columns: Columns = node !== undefined && 'columns' in node ? node.columns : []
    const dependencies = node !== undefined && 'dependencies' in node ? node.dependencies : []
    const marked = (value: boolean) =>
      columns.filter(({ meta }) => meta['pii'] === value).map(({ name }) => name.toLowerCase())
    const harmless = new Set(marked(false))
    const inherited = dependencies.flatMap((upstream) => [...columnsOf(upstream)])
    const personal = new Set([...marked(true), ...inherited].filter((name) => !harmless.has(name)))
    known.set(id, personal)
    return personal
  }
  const tables = [...graph.nodes.values()].flatMap((node) => {
    if (node.kind !== 'model' && node.kind !== 'seed' && node.kind !== 'snapshot') return []
    const { schema, name } = node.relation
    return [[`${schema}.${name}`.toLowerCase(), [...columnsOf(node.id)].sort()] as const]
  })
  return Object.fromEntries(tables)
}
