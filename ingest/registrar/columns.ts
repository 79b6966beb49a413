/** How the columns of landed files meet those of a table. Pure: names and DuckDB types in, a decision out. */

export type Column = { readonly name: string; readonly type: string }

export type Fit = {
  /** Columns the table lacks. */
  readonly added: readonly Column[]
  /** Columns of the file that do not go into the table's type. */
  readonly conflicts: readonly { readonly column: Column; readonly tableType: string }[]
}

const integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT']

/** Compares a file with a table. Columns the file lacks are no matter: its rows get NULL. */
export function fitColumns(table: readonly Column[], file: readonly Column[]): Fit {
  // DuckDB's names are case-insensitive.
  const types = new Map(table.map(({ name, type }) => [name.toLowerCase(), type]))
  const added: Column[] = []
  const conflicts: Fit['conflicts'][number][] = []
  for (const column of file) {
    const tableType = types.get(column.name.toLowerCase())
    if (tableType === undefined) added.push(column)
    else if (!holds(plainType(tableType), plainType(column.type))) {
      conflicts.push({ column, tableType })
    }
  }
  return { added, conflicts }
}

/** Tells whether a column of type `table` takes every value of type `file` unchanged. */
function holds(table: string, file: string): boolean {
  if (table === file) return true
  const text = ['VARCHAR', 'JSON']
  if (text.includes(table) && text.includes(file)) return true
  return integers.includes(file) && integers.indexOf(table) > integers.indexOf(file)
}

/** DuckDB's long name of a type. */
function plainType(type: string): string {
  const upper = type.toUpperCase()
  return upper === 'TIMESTAMPTZ' ? 'TIMESTAMP WITH TIME ZONE' : upper
}
