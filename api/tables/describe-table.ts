/** What `GET /api/tables` says of a table. */
import type { Principal } from '../access/principal.ts'
import { isOrdered, jsonTypeOf } from '../sources/column-kind.ts'
import type { PublishedTable } from './published-table.ts'

/** Name, columns, key and version of a table as plain JSON. */
export function describeTable(table: PublishedTable, principal: Principal) {
  return {
    name: table.name,
    description: table.contract.description,
    url: tablePath(table.name),
    version: Number(table.state.version),
    as_of: table.state.asOf,
    rows_estimate: table.estimatedRows,
    unique_key: table.key,
    columns: table.columns.map((column) => ({
      name: column.name,
      type: jsonTypeOf(column.kind.name),
      postgres_type: column.postgresType,
      nullable: column.nullable,
      description: column.description,
      pii: column.pii,
      masked: column.pii && !principal.seesPersonalData,
      filterable: isOrdered(column.kind.name) && !(column.pii && !principal.seesPersonalData),
    })),
  }
}

/** The address of a table. */
function tablePath(name: string): string {
  return `/api/tables/${encodeURIComponent(name)}`
}
