/** Tables as publishing leaves them, for tests that need rows of every kind rather than a publish. */
import { quoteLiteral } from '../../core/sql.ts'

export type ServedTable = {
  readonly schema: string
  readonly table: string
  readonly version?: number
  readonly strategy?: 'swap' | 'merge' | 'append'
  readonly rows?: number
  readonly roles?: readonly string[]
  readonly pii?: readonly string[]
  readonly api?: boolean
}

/** The statement that writes a table into the ledger, as of noon of 25 November 2024. */
export function servedSql(served: ServedTable): string {
  const { schema, table, version = 7, strategy = 'swap', rows = 0 } = served
  const contract = {
    api: served.api ?? true,
    roles: served.roles ?? [],
    description: `About ${table}`,
    columns: (served.pii ?? []).map((name) => ({ name, pii: true })),
  }
  const values = [schema, table, table, strategy, 'lake-table', JSON.stringify(contract)]
  const [schemaName, name, model, how, source, promise] = values.map(quoteLiteral)
  return `insert into millrace.published (schema_name, table_name, model, strategy, source_uuid, contract,
      snapshot, version, as_of, watermark, row_count, fingerprint, is_ours, published_at)
    values (${schemaName}, ${name}, ${model}, ${how}, ${source}, ${promise},
      ${version}, ${version}, '2024-11-25T12:00:00Z', 0, ${rows}, 'f', true, now())
    on conflict (schema_name, table_name) do update set version = excluded.version,
      contract = excluded.contract, strategy = excluded.strategy, row_count = excluded.row_count;`
}
