/** The first row of a statement: which version of the table the rows after it are. */
import type { TextRow } from '../sources/postgres-exports.ts'
import { tableStateSchema } from './catalog-query.ts'
import type { TableState } from './published-table.ts'

/** The state, or undefined when the table is not served any more. */
export function readState(row: TextRow | undefined): TableState | undefined {
  const [json] = row ?? []
  return json === undefined || json === null ? undefined : tableStateSchema.parse(JSON.parse(json))
}
