/** DuckDB's values as text, exact: integers and decimals of any size, ISO 8601 times, lists and structs as JSON. */
import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBFloatType,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api'

/** A value as a cell of a table or of CSV; what NULL looks like is the caller's choice. */
export function textOf(value: Exclude<DuckDBValue, null>, type: DuckDBType): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(shortest(value, type))
  if (value instanceof DuckDBUnionValue) {
    return value.value === null ? 'null' : textOf(value.value, type)
  }
  return isNested(value) ? jsonOf(value, type) : scalarText(value)
}

/**
 * A value as JSON. Numbers are written with all their digits, as DuckDB and PostgreSQL do; infinities and
 * NaN, which JSON lacks, become strings.
 */
export function jsonOf(value: DuckDBValue, type?: DuckDBType): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') {
    return Number.isFinite(value) ? String(shortest(value, type)) : `"${value}"`
  }
  // Line breaks cannot stand inside a JSON string, so those of a JSON value are only layout.
  if (typeof value === 'string' && type?.alias === 'JSON') return value.replaceAll(/[\r\n]+/g, ' ')
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof DuckDBDecimalValue) return value.toString()
  return isNested(value) ? nestedJson(value, type) : JSON.stringify(scalarText(value))
}

type Nested =
  | DuckDBListValue
  | DuckDBArrayValue
  | DuckDBStructValue
  | DuckDBMapValue
  | DuckDBUnionValue
  | DuckDBVariantValue

function isNested(value: DuckDBValue): value is Nested {
  return (
    value instanceof DuckDBListValue ||
    value instanceof DuckDBArrayValue ||
    value instanceof DuckDBStructValue ||
    value instanceof DuckDBMapValue ||
    value instanceof DuckDBUnionValue ||
    value instanceof DuckDBVariantValue
  )
}

function nestedJson(value: Nested, type: DuckDBType | undefined): string {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const listed = type instanceof DuckDBListType || type instanceof DuckDBArrayType
    const itemType = listed ? type.valueType : undefined
    return `[${value.items.map((item) => jsonOf(item, itemType)).join(',')}]`
  }
  if (value instanceof DuckDBStructValue) {
    const entries = Object.entries(value.entries).map(([name, inner], index) => {
      const innerType = type instanceof DuckDBStructType ? type.entryTypes[index] : undefined
      return `${JSON.stringify(name)}:${jsonOf(inner, innerType)}`
    })
    return `{${entries.join(',')}}`
  }
  if (value instanceof DuckDBMapValue) {
    const [keyType, valueType] = type instanceof DuckDBMapType ? [type.keyType, type.valueType] : []
    const entries = value.entries.map(({ key, value: inner }) => {
      const name = typeof key === 'string' ? key : plain(jsonOf(key, keyType))
      return `${JSON.stringify(name)}:${jsonOf(inner, valueType)}`
    })
    return `{${entries.join(',')}}`
  }
  return jsonOf(value.value)
}

/** JSON text as it reads as a key: without the quotes of a string. */
function plain(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json
}

function scalarText(value: Exclude<DuckDBValue, null>): string {
  if (value instanceof DuckDBTimestampValue) return instant(value.micros, 1_000_000n, value)
  if (value instanceof DuckDBTimestampTZValue) {
    return value.isFinite ? `${instant(value.micros, 1_000_000n, value)}Z` : String(value)
  }
  if (value instanceof DuckDBTimestampSecondsValue) return instant(value.seconds, 1n, value)
  if (value instanceof DuckDBTimestampMillisecondsValue) return instant(value.millis, 1000n, value)
  if (value instanceof DuckDBTimestampNanosecondsValue) {
    return instant(value.nanos, 1_000_000_000n, value)
  }
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex')
  return String(value)
}

/** `2024-11-25T12:00:00.5`; years that JavaScript cannot say stay in DuckDB's form. */
function instant(units: bigint, perSecond: bigint, value: { readonly isFinite: boolean }): string {
  if (!value.isFinite) return String(value)
  const fraction = ((units % perSecond) + perSecond) % perSecond
  const date = new Date(Number((units - fraction) / perSecond) * 1000)
  if (Number.isNaN(date.getTime())) return String(value)
  const digits = String(fraction)
    .padStart(String(perSecond).length - 1, '0')
    .replace(/0+$/, '')
  return date.toISOString().slice(0, -'.000Z'.length) + (digits === '' ? '' : `.${digits}`)
}

/** A FLOAT arrives as the nearest double; the shortest text that gives the same FLOAT is what was meant. */
function shortest(value: number, type: DuckDBType | undefined): number {
  if (!(type instanceof DuckDBFloatType) || !Number.isFinite(value)) return value
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
