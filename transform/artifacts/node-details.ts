/** What a manifest says of a node and the graph does not know: when, and the compiled code. */

export type NodeDetails = {
  /** Seconds since 1970; default 0. */
  readonly createdAt?: number
  /** By id, of nodes that were compiled. */
  readonly compiled?: ReadonlyMap<string, CompiledNode>
}

export type CompiledNode = {
  readonly code: string
  /** Ids of macros that the code named when it was rendered. */
  readonly macros?: readonly string[]
  /** Ephemeral models in `code`, each with its id and its CTE. */
  readonly ctes: readonly { readonly id: string; readonly sql: string }[]
  /** Under the target folder, relative to the project; undefined while nothing is written. */
  readonly compiledPath: string | undefined
  /** The same of what was sent to the database. */
  readonly buildPath: string | undefined
}
