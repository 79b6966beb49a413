/** `api.Column`: a column as `adapter.get_columns_in_relation` gives it. */
import { quoteIdent } from '../../core/sql.ts'
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  makeHostObject,
  numberOf,
  toText,
} from '../jinja/values.ts'

export type ColumnFields = {
  readonly name: string
  readonly type: string
  readonly size?: number | undefined
  readonly precision?: number | undefined
  readonly scale?: number | undefined
}

/** dbt knows one word that DuckDB has another for. */
const translations: Readonly<Record<string, string>> = { string: 'TEXT' }

const textTypes = ['text', 'character varying', 'character', 'varchar', 'char', 'string']
const integerTypes = ['tinyint', 'smallint', 'integer', 'int', 'bigint', 'hugeint', 'int4', 'int8']
const floatTypes = ['real', 'float', 'float4', 'float8', 'double', 'double precision']

/** DuckDB's `DECIMAL(10,2)` apart from its size. */
function typeParts(type: string): { base: string; precision?: number; scale?: number } {
  const found = /^(decimal|numeric)\((\d+),\s*(\d+)\)$/i.exec(type)
  if (found === null) return { base: type }
  return { base: found[1] ?? type, precision: Number(found[2]), scale: Number(found[3]) }
}

export function makeColumn({ name, type, ...given }: ColumnFields): HostObject {
  const { base, precision = given.precision, scale = given.scale } = typeParts(type)
  const isOf = (types: readonly string[]) => types.includes(base.toLowerCase())
  const isNumeric = isOf(['decimal', 'numeric'])
  const isText = isOf(textTypes)
  const dataType = () => {
    if (isText && given.size !== undefined) return `character varying(${given.size})`
    return isNumeric && precision !== undefined ? `${base}(${precision},${scale ?? 0})` : base
  }
  const answer = (key: string, value: () => unknown) => [key, new HostFunction(key, value)] as const
  return makeHostObject(
    {
      name,
      column: name,
      quoted: quoteIdent(name),
      dtype: base,
      data_type: dataType(),
      char_size: given.size ?? null,
      numeric_precision: precision ?? null,
      numeric_scale: scale ?? null,
      ...Object.fromEntries([
        answer('is_string', () => isText),
        answer('is_numeric', () => isNumeric),
        answer('is_integer', () => isOf(integerTypes)),
        answer('is_float', () => isOf(floatTypes)),
        answer('is_number', () => isNumeric || isOf(integerTypes) || isOf(floatTypes)),
        answer('string_size', () => given.size ?? 256),
      ]),
    },
    () => `<Column ${name} (${dataType()})>`,
  )
}

function create(args: Arguments): HostObject {
  const parameters = ['column', 'dtype', 'char_size', 'numeric_precision', 'numeric_scale']
  const given = bindNamed('Column', parameters, args)
  const number = (value: unknown) => (value == null ? undefined : numberOf(value))
  return makeColumn({
    name: toText(given['column']),
    type: toText(given['dtype']),
    size: number(given['char_size']),
    precision: number(given['numeric_precision']),
    scale: number(given['numeric_scale']),
  })
}

/** `api.Column`, which is called to make one. */
export const columnType: HostObject = makeHostObject(
  {
    __call__: new HostFunction('Column', create),
    create: new HostFunction('create', ({ positional: [name, type] }) =>
      makeColumn({ name: toText(name), type: toText(type) }),
    ),
    translate_type: new HostFunction('translate_type', ({ positional }) => {
      const type = toText(positional[0])
      return translations[type.toLowerCase()] ?? type
    }),
    string_type: new HostFunction('string_type', () => 'TEXT'),
    numeric_type: new HostFunction(
      'numeric_type',
      ({ positional }) =>
        `${positional.slice(0, 1).map(toText)}(${positional.slice(1).map(toText)})`,
    ),
  },
  () => '<Column>',
)
