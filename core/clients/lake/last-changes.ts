/** In which snapshot each table and view was changed last. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryValue } from '../duckdb.ts'
import type { LakeCatalog } from './attach.ts'
import { metadataSchema } from './snapshots.ts'

export type LastChange = {
  /** Another one when the relation was replaced. */
  readonly uuid: string
  /** Its rows may change though it does not. */
  readonly isView: boolean
  /** Rows, columns, or the query of a view. */
  readonly snapshot: number
}

/** `schema.name` in lower case → its last change up to a snapshot. Rewritten files count, merged ones do not. */
export async function lastChanges(
  connection: DuckDBConnection,
  catalog: LakeCatalog,
  snapshot: number,
): Promise<ReadonlyMap<string, LastChange>> {
  const metadata = metadataSchema(catalog)
  const upTo = (alias: string) =>
    `${alias}.begin_snapshot <= ${snapshot} and (${alias}.end_snapshot is null or ${alias}.end_snapshot > ${snapshot})`
  const changes = ['ducklake_data_file', 'ducklake_delete_file', 'ducklake_column'].flatMap(
    (table) =>
      ['begin_snapshot', 'end_snapshot'].map(
        (column) =>
          `select table_id, max(${column}) as changed from ${metadata}.${table}
           where ${column} <= ${snapshot} group by table_id`,
      ),
  )
  // One text, taken apart at once: a row and a value at a time, a thousand tables take 20 ms.
  const text = await queryValue(
    connection,
    `with changes as (${changes.join(' union all ')}),
     relations as (
       select schema_id, table_name as name, table_uuid::varchar as uuid, table_id as id, t.begin_snapshot
       from ${metadata}.ducklake_table t where ${upTo('t')}
       union all
       select schema_id, view_name, view_uuid::varchar, null, v.begin_snapshot
       from ${metadata}.ducklake_view v where ${upTo('v')}
     ),
     found as (
       select lower(s.schema_name || '.' || r.name) as key, any_value(r.uuid) as uuid, any_value(r.id) is null as is_view,
         greatest(any_value(r.begin_snapshot), coalesce(max(c.changed), 0)) as changed
       from relations r
       join ${metadata}.ducklake_schema s using (schema_id)
       left join changes c on c.table_id = r.id
       where ${upTo('s')}
       group by all
     )
     select to_json(list([to_json(key), to_json(uuid), to_json(is_view), to_json(changed)]))::varchar
     from found`,
  )
  const found: readonly (readonly [
    key: string,
    uuid: string,
    isView: boolean,
    snapshot: number,
  ])[] = JSON.parse(String(text ?? '[]'))
  return new Map(found.map(([key, uuid, isView, snapshot]) => [key, { uuid, isView, snapshot }]))
}
