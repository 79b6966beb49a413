/** A CSV file as a table, read by DuckDB. Types are declared, or found by DuckDB where they are not. */
import { quoteLiteral } from '../../core/sql.ts'
import { type SeedNode, textConfig } from '../compile/graph.ts'
import type { Existing, Statement } from './statement.ts'
import { materializeTable } from './table.ts'

export function materializeSeed(seed: SeedNode, existing: Existing): Statement[] {
  return materializeTable(seed.relation, seedSql(seed), existing)
}

/** The query that reads the file. */
function seedSql(seed: SeedNode): string {
  const options = [quoteLiteral(seed.absolutePath), 'header = true', "nullstr = ''"]
  const delimiter = textConfig(seed.config, 'delimiter')
  if (delimiter !== undefined) options.push(`delim = ${quoteLiteral(delimiter)}`)
  const types = Object.entries(columnTypes(seed))
  if (types.length > 0) {
    const list = types.map(([column, type]) => `${quoteLiteral(column)}: ${quoteLiteral(type)}`)
    options.push(`types = {${list.join(', ')}}`)
  }
  return `select * from read_csv(${options.join(', ')})`
}

/** `data_type` of the columns, and over it the config `column_types`. */
function columnTypes(seed: SeedNode): Record<string, string> {
  const types: Record<string, string> = {}
  for (const { name, dataType } of seed.columns) if (dataType !== undefined) types[name] = dataType
  const declared = seed.config['column_types']
  if (typeof declared === 'object' && declared !== null) {
    for (const [column, type] of Object.entries(declared)) types[column] = String(type)
  }
  return types
}
