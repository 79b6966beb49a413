/** What a data test found. */
import type { Relation } from '../compile/graph.ts'
import type { TableColumn } from '../materialize/statement.ts'

export type Tested = {
  readonly status: 'pass' | 'warn' | 'fail'
  /** What the test counts; 0 when it passes. */
  readonly failures: number
  readonly failingRows: readonly string[]
  readonly message: string | undefined
  /** Where the failing rows stand, with `store_failures`, and what puts them there again after a roll-back. */
  readonly kept?: KeptFailures
}

/** What puts a relation of failing rows there again once the build that made it was rolled back. */
export type KeptFailures = {
  readonly relation: Relation
  readonly as: 'table' | 'view'
  /** The query of a view. */
  readonly sql: string
  readonly columns: readonly TableColumn[]
  /** Of a table, each as JSON. */
  readonly rows: readonly string[]
}
