/** Rows of text to the bytes of a file, piece by piece. */
import type { ColumnKind } from '../sources/column-kind.ts'
import type { TextRow } from '../sources/postgres-exports.ts'

export type EncodedColumn = { readonly name: string; readonly kind: ColumnKind }

export interface RowEncoder {
  /** What the file begins with. */
  begin(): Uint8Array
  /** Bytes that are ready after these rows; none while a group of rows fills. */
  encode(rows: readonly TextRow[]): Uint8Array
  /** What the file ends with; without it nobody takes the file for whole. */
  finish(): Uint8Array
}
