/** `api.Column`: a column as `adapter.get_columns_in_relation` gives it, with dbt's idea of its type. */
import { quoteIdent } from '../../core/sql.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  numberOf,
  TemplateFault,
  toRepr,
  toText,
  Undefined,
} from '../jinja/values.ts'

export type ColumnFields = {
  readonly name: string
  readonly type: string
  readonly size?: number | undefined
  readonly precision?: number | undefined
  readonly scale?: number | undefined
}

const textTypes = new Set(['text', 'character varying', 'character', 'varchar'])
const numericTypes = new Set(['numeric', 'decimal'])
const floatTypes = new Set(['real', 'float', 'float4', 'float8', 'double'])
const integerTypes = new Set([
  ...['tinyint', 'smallint', 'integer', 'bigint', 'hugeint'],
  ...['utinyint', 'usmallint', 'uinteger', 'ubigint'],
  ...['int1', 'int2', 'int4', 'int8', 'short', 'int', 'signed', 'long'],
])

/** What dbt takes for the size of a text that states none. */
const textSize = 256

export class ColumnValue implements HostObject {
  readonly [hostObject] = true
  readonly fields: ColumnFields

  constructor(fields: ColumnFields) {
    this.fields = fields
  }

  /** `fields` of a struct, as columns. */
  get inner(): ColumnValue[] {
    const found = /^struct\((.*)\)$/is.exec(this.fields.type)?.[1]
    if (found === undefined) return []
    return splitFields(found).map((field) => {
      const [, name = field, type = ''] = /^("(?:[^"]|"")*"|\S+)\s+(.*)$/s.exec(field) ?? []
      return new ColumnValue({ name, type })
    })
  }

  get dataType(): string {
    const { type, precision, scale } = this.fields
    if (this.is(textTypes)) return `character varying(${this.textSize})`
    return this.is(numericTypes) ? numericType(type, precision, scale) : type
  }

  get textSize(): number {
    if (!this.is(textTypes))
      throw new TemplateFault('string_size() is called on a column of no text')
    return this.fields.type === 'text' ? textSize : (this.fields.size ?? textSize)
  }

  is(types: ReadonlySet<string>): boolean {
    return types.has(this.fields.type.toLowerCase())
  }

  /** A struct as the columns in it, however deep. */
  flatten(): ColumnValue[] {
    const { name } = this.fields
    if (this.inner.length === 0) return [this]
    return this.inner
      .flatMap((field) => field.flatten())
      .map(({ fields }) => new ColumnValue({ name: `${name}.${fields.name}`, type: fields.type }))
  }

  attribute(name: string): unknown {
    if (Object.hasOwn(attributes, name)) return attributes[name]?.(this)
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method !== undefined) return new HostFunction(name, (args) => method(this, args))
    // As in Python, what the class does can be asked of each of its values.
    const ofClass = name !== '__call__' && Object.hasOwn(statics, name) ? statics[name] : undefined
    return ofClass === undefined ? new Undefined(name) : new HostFunction(name, ofClass)
  }

  text(): string {
    const { name, type, size = null, precision = null, scale = null } = this.fields
    const parts = { column: name, dtype: type, char_size: size, numeric_precision: precision }
    const shown = Object.entries({ ...parts, numeric_scale: scale, fields: this.inner })
    return `DuckDBColumn(${shown.map(([key, value]) => `${key}=${toRepr(value)}`).join(', ')})`
  }

  order(other: unknown): number | undefined {
    if (!(other instanceof ColumnValue)) return undefined
    const [left, right] = [this.text(), other.text()]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

/** `a INTEGER, b DECIMAL(10,2)` at the commas that stand in no brackets. */
function splitFields(text: string): string[] {
  const fields: string[] = []
  let depth = 0
  let field = ''
  for (const character of text) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) {
      fields.push(field.trim())
      field = ''
    } else field += character
  }
  return [...fields, field.trim()]
}

function numericType(type: string, precision: unknown, scale: unknown): string {
  return precision == null || scale == null
    ? type
    : `${type}(${toText(precision)},${toText(scale)})`
}

const attributes: Readonly<Record<string, (column: ColumnValue) => unknown>> = {
  name: ({ fields }) => fields.name,
  column: ({ fields }) => fields.name,
  quoted: ({ fields }) => quoteIdent(fields.name),
  dtype: ({ fields }) => fields.type,
  data_type: (column) => column.dataType,
  expanded_data_type: (column) => column.dataType,
  char_size: ({ fields }) => fields.size ?? null,
  numeric_precision: ({ fields }) => fields.precision ?? null,
  numeric_scale: ({ fields }) => fields.scale ?? null,
  fields: (column) => column.inner,
}

const methods: Readonly<Record<string, (column: ColumnValue, args: Arguments) => unknown>> = {
  is_string: (column) => column.is(textTypes),
  is_numeric: (column) => column.is(numericTypes),
  is_integer: (column) => column.is(integerTypes),
  is_float: (column) => column.is(floatTypes),
  is_number: (column) => [numericTypes, integerTypes, floatTypes].some((types) => column.is(types)),
  is_struct: ({ fields }) => fields.type.toLowerCase().startsWith('struct'),
  string_size: (column) => column.textSize,
  flatten: (column) => column.flatten(),
  literal: (column, { positional: [value] }) => `${toText(value)}::${column.dataType}`,
  can_expand_to: (column, { positional, named }) => {
    const other = positional[0] ?? named.get('other_column')
    if (!(other instanceof ColumnValue) || !column.is(textTypes) || !other.is(textTypes))
      return false
    return other.textSize > column.textSize
  },
}

export function makeColumn(fields: ColumnFields): ColumnValue {
  return new ColumnValue(fields)
}

function create(args: Arguments): ColumnValue {
  const parameters = ['column', 'dtype', 'char_size', 'numeric_precision', 'numeric_scale']
  const given = bindNamed('Column', parameters, args)
  const number = (value: unknown) => (value == null ? undefined : numberOf(value))
  return new ColumnValue({
    name: toText(given['column']),
    type: toText(given['dtype']),
    size: number(given['char_size']),
    precision: number(given['numeric_precision']),
    scale: number(given['numeric_scale']),
  })
}

/** dbt knows one word that DuckDB has another for. */
function translateType(type: unknown): string {
  return toText(type).toLowerCase() === 'string' ? 'TEXT' : toText(type)
}

/** `varchar(20)` and `decimal(10, 2)` apart from their sizes. */
function fromDescription(name: string, description: string): ColumnValue {
  const [, type = description, size] = /^([^(]+)(?:\(([^)]+)\))?/.exec(description) ?? []
  const numbers = size?.split(',').map(Number) ?? []
  if (numbers.some(Number.isNaN)) {
    throw new TemplateFault(`the data_type ${description} has a size that is no number`)
  }
  const [first, second] = numbers
  if (second === undefined) return new ColumnValue({ name, type, size: first })
  return new ColumnValue({ name, type, precision: first, scale: second })
}

const statics: Readonly<Record<string, (args: Arguments) => unknown>> = {
  __call__: create,
  create: ({ positional: [name, type], named }) =>
    new ColumnValue({
      name: toText(name ?? named.get('name')),
      type: translateType(type ?? named.get('label_or_dtype')),
    }),
  translate_type: ({ positional: [type] }) => translateType(type),
  string_type: ({ positional: [size] }) => `character varying(${toText(size)})`,
  numeric_type: ({ positional: [type, precision, scale] }) =>
    numericType(toText(type), precision, scale),
  from_description: ({ positional: [name, type] }) => fromDescription(toText(name), toText(type)),
}

/** `api.Column`, which is called to make one. */
export const columnType: HostObject = {
  [hostObject]: true,
  attribute: (name) => {
    const call = Object.hasOwn(statics, name) ? statics[name] : undefined
    if (call !== undefined) return new HostFunction(name, call)
    return name === 'TYPE_LABELS' ? new Map([['STRING', 'TEXT']]) : new Undefined(name)
  },
  text: () => "<class 'dbt.adapters.duckdb.column.DuckDBColumn'>",
}
