/** Rows of a unit test as queries: what stands for an input of the model, and what the model must give. */
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { toRepr, toTemplateValue } from '../jinja/values.ts'
import type { TableColumn } from '../materialize/statement.ts'
import type { Config } from '../project/project.ts'

/**
 * Rows of an input, with every column that it has; those that a row does not name are null.
 * @param name of the input, for messages
 * @throws `model/compiler-error` for a column that the input does not have
 */
export function fixtureSql(
  name: string,
  rows: readonly Config[],
  columns: readonly TableColumn[],
): string {
  const selects = rows.map((row) => selectRow(valuesOf(row, columns, `'${name}'`), columns))
  return selects.length === 0
    ? `${selectRow(new Map(), columns)}\nlimit 0`
    : selects.join('\nunion all\n')
}

/**
 * Rows that are expected, with the columns of the first; types are those of the model.
 * @param columns of the model
 * @throws `model/compiler-error` for a column that the model does not have, or that a row lacks
 */
export function expectedRows(
  rows: readonly Config[],
  columns: readonly TableColumn[],
): { readonly columns: readonly TableColumn[]; readonly sql: string } {
  const all = rows.map((row) => valuesOf(row, columns, 'expected output'))
  const tested = [...(all[0]?.keys() ?? [])]
  for (const [at, values] of all.entries()) {
    const other =
      tested.find((key) => !values.has(key)) ?? [...values.keys()].find((key) => !all[0]?.has(key))
    if (other === undefined) continue
    const reason = `Rows of the expected output name the same columns: '${other}' is in some of the first ${at + 1} and not in all`
    throw problem('model/compiler-error', { reason })
  }
  const chosen = tested.flatMap((key) => columns.find((column) => keyOf(column.name) === key) ?? [])
  return { columns: chosen, sql: all.map((row) => selectRow(row, chosen)).join('\nunion all\n') }
}

/** Values by lower-case name. */
function valuesOf(
  row: Config,
  columns: readonly TableColumn[],
  place: string,
): Map<string, unknown> {
  const known = new Set(columns.map(({ name }) => keyOf(name)))
  const values = new Map(Object.entries(row).map(([name, value]) => [keyOf(name), value]))
  for (const name of values.keys()) {
    if (known.has(name)) continue
    const reason = `Invalid column name: '${name}' in unit test fixture for ${place}.
Accepted columns for ${place} are: ${toRepr([...known])}`
    throw problem('model/compiler-error', { reason })
  }
  return values
}

function selectRow(row: ReadonlyMap<string, unknown>, columns: readonly TableColumn[]): string {
  const cells = columns.map(
    ({ name, type }) => `cast(${literal(row.get(keyOf(name)))} as ${type}) as ${quoteIdent(name)}`,
  )
  return `select ${cells.join(', ')}`
}

function keyOf(name: string): string {
  return name.toLowerCase()
}

function literal(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return quoteLiteral(value)
  // Lists and maps of YAML look like those of DuckDB.
  return typeof value === 'object' ? toRepr(toTemplateValue(value)) : String(value)
}
