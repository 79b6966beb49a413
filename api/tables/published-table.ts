/** One table that the API serves: what the ledger promises of it and what PostgreSQL says of its columns. */
import type { PublishedContract } from '../../core/contracts/published-table.ts'
import type { ColumnKind } from '../sources/column-kind.ts'

export type TableColumn = {
  readonly name: string
  readonly kind: ColumnKind
  /** As PostgreSQL writes it: `numeric(10,2)`. */
  readonly postgresType: string
  readonly nullable: boolean
  readonly description: string
  /** Personal data. */
  readonly pii: boolean
}

export type PublishedTable = {
  readonly schema: string
  readonly name: string
  readonly columns: readonly TableColumn[]
  /** Columns of a primary key or a unique index without nulls; empty when there is none. */
  readonly key: readonly string[]
  readonly contract: PublishedContract
  /** Only Millrace writes it, so its rows are the same as long as its version is. */
  readonly isWholly: boolean
  readonly estimatedRows: number
  readonly state: TableState
}

/** What a statement reads of the ledger together with the rows; the catalog is out of date when it is another. */
export type TableState = {
  /** Snapshot of the lake in which the rows last changed. */
  readonly version: string
  /** ISO, UTC, microseconds. */
  readonly asOf: string
  /** The lake table that it came from. */
  readonly source: string
  /** Hash of the contract. */
  readonly contract: string
  /** PostgreSQL's number of the table; null when it is gone. */
  readonly relation: string | null
}

/** Tells whether a statement made for one is also right for the other. */
export function hasSameShape(left: PublishedTable, right: PublishedTable): boolean {
  const shape = ({ columns, key, contract }: PublishedTable) =>
    JSON.stringify([columns, key, contract])
  return shape(left) === shape(right)
}

/** Tells whether the ledger says the same of the table as before. */
export function isSameState(left: TableState, right: TableState): boolean {
  return (
    left.version === right.version &&
    left.contract === right.contract &&
    left.relation === right.relation &&
    left.source === right.source
  )
}
