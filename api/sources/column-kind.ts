/** PostgreSQL's types as the API tells them apart: how a value is filtered, and what it is outside of PostgreSQL. */

export type ColumnKind =
  | { readonly name: 'int16' | 'int32' | 'int64' }
  /** numeric(precision, scale) that fits 128 bits. */
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  /** numeric of any size: exact only as text. */
  | { readonly name: 'numeric' }
  | { readonly name: 'float32' | 'float64' }
  | { readonly name: 'boolean' | 'date' | 'time' | 'timestamp' | 'timestamptz' }
  | { readonly name: 'text' | 'uuid' | 'json' | 'bytes' | 'array' | 'other' }

export type KindName = ColumnKind['name']

const kinds: Readonly<Record<string, Exclude<KindName, 'decimal' | 'numeric'>>> = {
  int2: 'int16',
  int4: 'int32',
  int8: 'int64',
  float4: 'float32',
  float8: 'float64',
  bool: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
}

/**
 * The kind of a column.
 * @param type `pg_type.typname`, of a domain that of its base
 * @param modifier `pg_attribute.atttypmod`; it holds precision and scale of a numeric
 */
export function columnKindOf(type: string, isArray: boolean, modifier: number): ColumnKind {
  if (isArray) return { name: 'array' }
  if (type === 'numeric') return numericKind(modifier)
  return { name: (Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? 'other' }
}

function numericKind(modifier: number): ColumnKind {
  const precision = ((modifier - 4) >> 16) & 0xffff
  // The scale is a signed number of 11 bits.
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024
  const fits = modifier >= 4 && precision <= 38 && scale >= 0 && scale <= precision
  return fits ? { name: 'decimal', precision, scale } : { name: 'numeric' }
}

const duckdbKinds: Readonly<Record<string, Exclude<KindName, 'decimal'>>> = {
  TINYINT: 'int16',
  UTINYINT: 'int16',
  SMALLINT: 'int16',
  USMALLINT: 'int32',
  INTEGER: 'int32',
  UINTEGER: 'int64',
  BIGINT: 'int64',
  UBIGINT: 'numeric',
  HUGEINT: 'numeric',
  FLOAT: 'float32',
  DOUBLE: 'float64',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  VARCHAR: 'text',
  UUID: 'uuid',
  JSON: 'json',
  BLOB: 'bytes',
}

/** The kind of a column of DuckDB, by the name of its type. */
export function duckdbKindOf(type: string): ColumnKind {
  if (type.endsWith(']')) return { name: 'array' }
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type)
  if (decimal) return { name: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) }
  return { name: (Object.hasOwn(duckdbKinds, type) ? duckdbKinds[type] : undefined) ?? 'json' }
}

/** The type of a value in JSON. */
export function jsonTypeOf(kind: KindName): string {
  switch (kind) {
    case 'int16':
    case 'int32':
    case 'int64':
      return 'integer'
    case 'decimal':
    case 'numeric':
    case 'float32':
    case 'float64':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'json':
      return 'any'
    case 'array':
      return 'array'
    default:
      return 'string'
  }
}

/** Kinds whose values have an order that a filter, `order` and a cursor can use. */
export function isOrdered(kind: KindName): boolean {
  return !['json', 'bytes', 'array', 'other'].includes(kind)
}
