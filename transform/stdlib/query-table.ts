/** A query's result as templates see it: dbt's table of columns and rows. */
import {
  Float,
  HostFunction,
  type HostObject,
  hostObject,
  isEqual,
  itemsOf,
  makeHostObject,
  numberOf,
  Tuple,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { QueryResult } from './database.ts'
import { PythonTime } from './python-datetime.ts'

/** A list whose items also have names: a row by column, or the columns of a table. */
class NamedItems implements HostObject {
  readonly [hostObject] = true
  readonly #names: readonly string[]
  readonly #items: readonly unknown[]

  constructor(names: readonly string[], items: readonly unknown[]) {
    this.#names = names
    this.#items = items
  }

  item(key: unknown): unknown {
    if (typeof key !== 'string') {
      const at = numberOf(key)
      return this.#items[at < 0 ? this.#items.length + at : at] ?? new Undefined(`item ${at}`)
    }
    return this.#find(key) ?? new Undefined(key)
  }

  #find(name: string): unknown {
    const at = this.#names.indexOf(name)
    const found = at === -1 ? this.#names.findIndex((other) => isSame(other, name)) : at
    return this.#items[found]
  }

  attribute(name: string): unknown {
    switch (name) {
      case '__iter__':
        return this.#items
      case 'values':
        return new HostFunction(name, () => new Tuple(this.#items))
      case 'keys':
        return new HostFunction(name, () => new Tuple(this.#names))
      case 'items':
        return new HostFunction(name, () => this.#pairs().map((pair) => new Tuple(pair)))
      case 'dict':
        return new HostFunction(name, () => new Map(this.#pairs()))
      case 'get':
        return new HostFunction(
          name,
          ({ positional: [key, fallback = null] }) => this.#find(toText(key)) ?? fallback,
        )
      default:
        return this.item(name)
    }
  }

  #pairs(): [string, unknown][] {
    return this.#names.map((name, at) => [name, this.#items[at]])
  }

  text(): string {
    return `(${this.#items.map(toText).join(', ')})`
  }
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase()
}

/** One column of a result: its values, in row order. */
function columnOf(name: string, type: string, index: number, values: readonly unknown[]) {
  const distinct = () => {
    const seen: unknown[] = []
    for (const value of values) if (!seen.some((known) => isEqual(known, value))) seen.push(value)
    return new Tuple(seen)
  }
  return makeHostObject(
    {
      name,
      index,
      data_type: type,
      values: new HostFunction('values', () => new Tuple(values)),
      values_distinct: new HostFunction('values_distinct', distinct),
      values_without_nulls: new HostFunction(
        'values_without_nulls',
        () => new Tuple(values.filter((value) => value !== null)),
      ),
      __iter__: [...values],
    },
    () => `<Column ${name}>`,
  )
}

/** @param result rows as DuckDB's values */
export function makeTable(result: QueryResult): HostObject {
  const names = result.columns.map(({ name }) => name)
  const rows = result.rows.map((row) =>
    row.map((value, at) => templateValue(value, result.columns[at]?.type)),
  )
  const columns = result.columns.map(({ name, type }, at) => {
    return columnOf(
      name,
      type,
      at,
      rows.map((row) => row[at]),
    )
  })
  const rowValues = rows.map((row) => new NamedItems(names, row))
  return makeHostObject(
    {
      columns: new NamedItems(names, columns),
      rows: rowValues,
      column_names: new Tuple(names),
      column_types: new Tuple(result.columns.map(({ type }) => type)),
      print_table: new HostFunction('print_table', () => null),
      __iter__: rowValues,
    },
    () => `<Table ${names.join(', ')}>`,
  )
}

/** What `load_result()` gives beside the table. */
export function makeResult(table: unknown, response: unknown): HostObject {
  const rows = table === null ? [] : itemsOf(table).map((row) => new Tuple(itemsOf(row)))
  return makeHostObject({ table, response, data: rows })
}

/** A value of DuckDB as Python's: numbers, text, dates, lists and dicts. */
function templateValue(value: unknown, type?: string): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number') return new Float(value)
  if (type === 'DATE') return new PythonTime(Date.parse(String(value)), true)
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => templateValue(item))
  if (value instanceof Date) return new PythonTime(value.getTime(), false)
  return String(value)
}
