/** A query's result as templates see it: dbt's table of columns and rows. */
import { bindNamed } from '../jinja/call-arguments.ts'
import { Decimal } from '../jinja/decimal.ts'
import { toJson } from '../jinja/to-json.ts'
import {
  type Arguments,
  compareValues,
  Float,
  HostFunction,
  type HostObject,
  hostObject,
  isEqual,
  isTruthy,
  itemsOf,
  makeHostObject,
  numberOf,
  TemplateFault,
  Tuple,
  toTemplateValue,
  toText,
  Undefined,
} from '../jinja/values.ts'
import type { QueryResult } from './database.ts'
import { printTable } from './print-table.ts'
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
      const found = this.#items[at < 0 ? this.#items.length + at : at]
      return found === undefined ? new Undefined(`item ${at}`) : found
    }
    const found = this.#find(key)
    return found === undefined ? new Undefined(key) : found
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
function columnOf({ name, type }: Column, index: number, rows: readonly Row[]): HostObject {
  const values = rows.map((row) => row[index])
  const distinct = () => {
    const seen: unknown[] = []
    for (const value of values) if (!seen.some((known) => isEqual(known, value))) seen.push(value)
    return seen
  }
  const known = () => values.filter((value) => value !== null)
  const sorted = (items: readonly unknown[]) => [...items].sort(compareValues)
  const lists: Readonly<Record<string, () => readonly unknown[]>> = {
    values: () => values,
    values_distinct: distinct,
    values_without_nulls: known,
    values_sorted: () => sorted(known()),
    values_without_nulls_sorted: () => sorted(known()),
  }
  const calls = Object.entries(lists).map(([key, list]) => [
    key,
    new HostFunction(key, () => new Tuple(list())),
  ])
  return makeHostObject(
    { name, index, data_type: type, ...Object.fromEntries(calls), __iter__: values },
    () => `<Column ${name}>`,
  )
}

type Column = QueryResult['columns'][number]
type Row = readonly unknown[]

/**
 * @param result rows as DuckDB's values
 * @param print receives the lines of `print_table()`
 */
export function makeTable(result: QueryResult, print?: (text: string) => void): HostObject {
  const rows = result.rows.map((row) =>
    row.map((value, at) => templateValue(value, result.columns[at]?.type)),
  )
  return tableOf(result.columns, rows, print)
}

function tableOf(
  columns: readonly Column[],
  rows: readonly Row[],
  print: ((text: string) => void) | undefined,
): HostObject {
  const names = columns.map(({ name }) => name)
  const rowValues = rows.map((row) => new NamedItems(names, row))
  const columnValues = columns.map((column, at) => columnOf(column, at, rows))
  const methods: Readonly<Record<string, (args: Arguments) => unknown>> = {
    print_table: (args) => {
      const given = bindNamed('print_table', ['max_rows', 'max_columns', 'output'], args)
      const limit = (name: string, otherwise: number) =>
        given[name] == null ? otherwise : numberOf(given[name])
      print?.(printTable(columns, rows, limit('max_rows', 20), limit('max_columns', 6)))
      return null
    },
    select: ({ positional: [keys] }) => pick(itemsOf(keys ?? []).map(toText), true),
    exclude: ({ positional: [keys] }) => pick(itemsOf(keys ?? []).map(toText), false),
    limit: ({ positional: [first = null, second] }) => {
      const [from, to] = second === undefined ? [0, first] : [numberOf(first), second]
      return tableOf(columns, rows.slice(from, to === null ? undefined : numberOf(to)), print)
    },
    order_by: (args) => {
      const { key, reverse } = bindNamed('order_by', ['key', 'reverse'], args)
      const at = names.indexOf(toText(key))
      if (at === -1) throw new TemplateFault(`there is no column ${toText(key)}`)
      const sign = isTruthy(reverse ?? false) ? -1 : 1
      return tableOf(
        columns,
        [...rows].sort((a, b) => sign * compareValues(a[at], b[at])),
        print,
      )
    },
    rename: (args) => {
      const { column_names: given } = bindNamed('rename', ['column_names', 'row_names'], args)
      const renamed = columns.map(({ name, type }, at) => {
        const to = given instanceof Map ? (given.get(name) ?? name) : itemsOf(given)[at]
        return { name: toText(to), type }
      })
      return tableOf(renamed, rows, print)
    },
  }
  const pick = (keys: readonly string[], wanted: boolean) => {
    const kept = names.flatMap((name, at) => (keys.includes(name) === wanted ? [at] : []))
    return tableOf(
      columns.filter((_, at) => kept.includes(at)),
      rows.map((row) => row.filter((_, at) => kept.includes(at))),
      print,
    )
  }
  const calls = Object.entries(methods).map(([name, call]) => [name, new HostFunction(name, call)])
  return makeHostObject(
    {
      columns: new NamedItems(names, columnValues),
      rows: rowValues,
      column_names: new Tuple(names),
      column_types: new Tuple(columns.map(({ type }) => type)),
      ...Object.fromEntries(calls),
      __iter__: rowValues,
    },
    () => `<Table ${names.join(', ')}>`,
  )
}

/** What `load_result()` gives beside the table. */
export function makeResult(table: unknown, response: unknown): HostObject {
  const rows = table === null ? [] : itemsOf(table).map((row) => new Tuple(itemsOf(row)))
  return dictLike({ response, data: rows, table }, () => '<result>')
}

/** What an engine says of a statement. */
export function responseOf(message: unknown, code: unknown, rows: unknown): HostObject {
  return dictLike({ _message: message, code, rows_affected: rows }, () => toText(message))
}

/** A host's object that also answers `.get('x')`. */
function dictLike(fields: Readonly<Record<string, unknown>>, text: () => string): HostObject {
  const get = new HostFunction('get', ({ positional: [key, fallback = null] }) =>
    Object.hasOwn(fields, toText(key)) ? fields[toText(key)] : fallback,
  )
  return makeHostObject({ ...fields, get }, text)
}

/** A value of DuckDB as Python's: numbers, text and dates; lists and structs are text in JSON, as dbt has them. */
function templateValue(value: unknown, type?: string): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number') return fractionOf(value)
  if (typeof value === 'string' && type?.startsWith('DECIMAL')) return Decimal.read(value) ?? value
  if (type === 'DATE') return new PythonTime(Date.parse(String(value)), true)
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) return toJson(value.map((item) => jsonValue(item)))
  if (value instanceof Date) return new PythonTime(value.getTime(), false)
  return String(value)
}

/** As in dbt, a decimal of the digits that Python prints of a float. */
function fractionOf(value: number): Float {
  const float = new Float(value)
  return Decimal.read(float.text()) ?? float
}

function jsonValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonValue)
  const made = toTemplateValue(templateValue(value))
  return made instanceof PythonTime ? made.text() : made
}
