/** A column of each kind. */
import type { ColumnKind } from '../../../../api/sources/column-kind.ts'
import type { PublishedTable, TableColumn } from '../../../../api/tables/published-table.ts'
import { problem } from '../../../../core/problems.ts'

function column(name: string, kind: ColumnKind, more: Partial<TableColumn> = {}): TableColumn {
  return {
    name,
    kind,
    postgresType: kind.name,
    nullable: true,
    description: '',
    pii: false,
    ...more,
  }
}

const columns: readonly TableColumn[] = [
  column('id', { name: 'int64' }, { nullable: false }),
  column('small', { name: 'int32' }),
  column('score', { name: 'decimal', precision: 10, scale: 2 }),
  column('ratio', { name: 'float64' }),
  column('name', { name: 'text' }),
  column('email', { name: 'text' }, { pii: true }),
  column('born', { name: 'date' }),
  column('seen', { name: 'timestamptz' }),
  column('at', { name: 'timestamp' }),
  column('clock', { name: 'time' }),
  column('flag', { name: 'boolean' }),
  column('uid', { name: 'uuid' }),
  column('doc', { name: 'json' }),
  column('tags', { name: 'array' }),
  column('odd "name"', { name: 'text' }),
]

export function columnOf(name: string): TableColumn {
  const found = columns.find((other) => other.name === name)
  if (found === undefined) throw problem('api/unknown-column', { column: name, table: 'people' })
  return found
}

export const people: PublishedTable = {
  schema: 'public',
  name: 'people',
  columns,
  key: ['id'],
  contract: { api: true, roles: [], description: '', unique_key: ['id'], columns: [] },
  isWholly: true,
  estimatedRows: 10,
  state: {
    version: '7',
    asOf: '2024-11-25T12:00:00.000000Z',
    source: 's',
    contract: 'c',
    relation: '1',
  },
}
