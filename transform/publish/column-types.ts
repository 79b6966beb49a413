/**
 * From DuckDB's types to PostgreSQL's. Each column is staged under an exact PostgreSQL type and read from the lake
 * by an expression that makes the value fit for it; nothing passes through a float that was not one.
 */
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'

export type StagedColumn = {
  readonly name: string
  /** PostgreSQL type of the staged column. */
  readonly type: string
  /** DuckDB expression over the lake's relation. */
  readonly expression: string
}

const plainTypes: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'smallint',
  SMALLINT: 'smallint',
  UTINYINT: 'smallint',
  INTEGER: 'integer',
  USMALLINT: 'integer',
  BIGINT: 'bigint',
  UINTEGER: 'bigint',
  FLOAT: 'real',
  DOUBLE: 'double precision',
  VARCHAR: 'text',
  BLOB: 'bytea',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  UUID: 'uuid',
  INTERVAL: 'interval',
  '"NULL"': 'text',
}

const arrayElements = /^(BOOLEAN|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP)\[\]$/

/**
 * How one column of a lake table is staged.
 * @throws `publish/unsupported-type`
 */
export function toStagedColumn(model: string, name: string, duckdbType: string): StagedColumn {
  const column = quoteIdent(name)
  const plain = plainTypes[duckdbType]
  if (plain !== undefined) return { name, type: plain, expression: column }
  if (/^DECIMAL\(\d+,\d+\)$/.test(duckdbType)) {
    return { name, type: duckdbType.replace('DECIMAL', 'numeric'), expression: column }
  }
  switch (duckdbType) {
    case 'UBIGINT':
      return { name, type: 'numeric(20,0)', expression: `${column}::decimal(20, 0)` }
    case 'HUGEINT':
    case 'UHUGEINT':
      return { name, type: 'numeric(38,0)', expression: `${column}::decimal(38, 0)` }
    case 'JSON':
      return { name, type: 'jsonb', expression: withoutNul(column) }
    case 'TIMESTAMP_NS':
      return { name, type: 'timestamp', expression: `${column}::timestamp` }
    default:
  }
  const element = arrayElements.exec(duckdbType)?.[1]
  if (element !== undefined) return { name, type: `${plainTypes[element]}[]`, expression: column }
  if (/^(STRUCT|MAP|UNION)\(|\]$/.test(duckdbType)) {
    return { name, type: 'jsonb', expression: withoutNul(`to_json(${column})`) }
  }
  if (duckdbType.startsWith('ENUM(')) {
    return { name, type: 'text', expression: `${column}::varchar` }
  }
  throw problem('publish/unsupported-type', { model, column: name, type: duckdbType })
}

// An odd number of backslashes before u0000 is the escape; an even number is text. Twice, because a match takes
// the character before it along and so misses every second one of a row.
const nulEscape = String.raw`((?:^|[^\\])(?:\\\\)*)\\u0000`
const replacement = String.raw`\1\\ufffd`

/** PostgreSQL's jsonb cannot hold \u0000; U+FFFD takes its place, as it does in text. */
function withoutNul(expression: string): string {
  const json = `${expression}::varchar`
  const once = `regexp_replace(${json}, '${nulEscape}', '${replacement}', 'g')`
  const twice = `regexp_replace(${once}, '${nulEscape}', '${replacement}', 'g')`
  return `case when contains(${json}, '\\u0000') then ${twice} else ${json} end::json`
}
