/**
 * The SQL that turns raw messages into typed rows or into reasons why they are none. DuckDB parses each message
 * three times (types, texts, keys), all vectorised; together cheaper than one JSON.parse in JavaScript. Where
 * DuckDB is laxer than RFC 8259 (NaN, Infinity, trailing commas) a row is marked for a second look.
 */
import type { TopicColumn, TopicSchema } from '../../core/contracts/user-activity.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'

/** Deeper than this a value is a dead letter: readers further down recurse. */
export const maxDepth = 128

/** `raw` has o, t (ms), k, v; the result has one row for each, with `_reason` NULL where it is an event. */
export function parseSql(
  schema: TopicSchema,
  raw: string,
  result: string,
  maxRecordBytes: number,
): string {
  const { columns, eventTime } = schema
  const paths = ['$', ...columns.map((column) => `$.${jsonName(column.name)}`)]
  const pathList = `[${paths.map(quoteLiteral).join(', ')}]`
  const present = columns.map((_, index) => `(types[${index + 2}] is not null)::int`).join(' + ')
  return `create table ${quoteIdent(result)} as
with texts as (
  select o, t, k, v is null as tombstone, octet_length(v) as bytes,
    case when octet_length(v) <= ${maxRecordBytes} then try(decode(v)) end as s
  from ${quoteIdent(raw)}
), checked as (
  select *, coalesce(json_valid(s), false) as ok from texts
), probed as (
  select *,
    case when ok then json_type(s, ${pathList}) end as types,
    case when ok then json_extract_string(s, ${pathList}) end as strings,
    case when ok then len(json_keys(s)) end as key_count
  from checked
), typed as (
  select *, ${present} as known_count,
    ${columns.map((column, index) => `${valueSql(column, index + 2)} as ${quoteIdent(column.name)}`).join(',\n    ')}
  from probed
)
select ${columns.map((column) => quoteIdent(column.name)).join(', ')},
  case when key_count > known_count and not ${maybeDeep} then ${extraSql(schema, 's')} end as _extra,
  ${keySql} as _key,
  o as _offset,
  case when t between 0 and 253402300799999 then epoch_ms(t)::timestamptz end as _kafka_timestamp,
  case
    when tombstone then 'tombstone'
    when bytes > ${maxRecordBytes} then 'too_large: ' || bytes || ' bytes'
    when s is null then 'invalid_utf8'
    when not ok then 'invalid_json'
    when types[1] <> 'OBJECT' then 'not_an_object: ' || lower(types[1])
    ${columns.map((column, index) => reasonSql(column, index + 2)).join('\n    ')}
    when contains(s, '\\u0000') and regexp_matches(s, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000') then 'embedded_nul'
    when key_count > known_count and len(list_distinct(json_keys(s))) < key_count then 'duplicate_field'
  end as _reason,
  ok and (regexp_matches(s, ${quoteLiteral(laxPattern)}) or ${maybeDeep}) as _second_look,
  date_trunc('hour', ${quoteIdent(eventTime)}) as _hour
from typed`
}

/** Fields that the schema does not know, as JSON; recurses, so never to be used on what may be too deep. */
export function extraSql({ columns }: TopicSchema, text: string): string {
  const patch = JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, null])))
  return `json_merge_patch(${text}, ${quoteLiteral(patch)})::json`
}

/** A number that RFC 8259 does not have, or a comma before a closing bracket; inside strings it matches too. */
const laxPattern = '(?i)[:,\\[]\\s*-?(nan|inf)|,\\s*[\\]}]'

/** Enough brackets to be deeper than allowed, if none of them closes. */
const maybeDeep = `(octet_length(encode(s)) > ${2 * maxDepth} and length(s) - length(replace(replace(s, '{', ''), '[', '')) > ${maxDepth})`

/** Text as it is; bytes that are no text as \\x and hex digits. */
const keySql = `case
    when k is null then null
    when try(decode(k)) is null or contains(try(decode(k)), chr(0)) then '\\x' || lower(hex(k))
    else try(decode(k))
  end`

/** Date and time with zone, as the contract has it: seconds are needed, the zone's colon is not. */
const timestampPattern =
  '\\d{4}-\\d{2}-\\d{2}T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):?[0-5]\\d)'

function valueSql(column: TopicColumn, index: number): string {
  const type = `types[${index}]`
  const text = `strings[${index}]`
  switch (column.type) {
    case 'BIGINT':
      return `case when ${type} in ('BIGINT', 'UBIGINT') then try_cast(${text} as bigint) end`
    case 'VARCHAR':
      return `case when ${type} = 'VARCHAR' then ${text} end`
    case 'TIMESTAMPTZ':
      return `case when ${type} = 'VARCHAR' and regexp_full_match(${text}, ${quoteLiteral(timestampPattern)}) then try_cast(${text} as timestamptz) end`
    case 'JSON':
      return `case when ${type} <> 'NULL' then json_extract(s, ${quoteLiteral(`$.${jsonName(column.name)}`)}) end`
    default:
      return column.type satisfies never
  }
}

/** The CASE branches under which a message is no event because of this column. */
function reasonSql(column: TopicColumn, index: number): string {
  const type = `types[${index}]`
  const branches: string[] = []
  const branch = (condition: string, reason: string) =>
    branches.push(`when ${condition} then ${reason}`)
  const name = column.name
  if (column.required) {
    branch(`${type} is null`, quoteLiteral(`missing_field: ${name}`))
    branch(`${type} = 'NULL'`, quoteLiteral(`null_field: ${name}`))
  }
  const wrong = `${quoteLiteral(`wrong_type: ${name} is `)} || lower(${type})`
  const given = `${type} <> 'NULL' and ${quoteIdent(name)} is null`
  switch (column.type) {
    case 'BIGINT':
      branch(
        `${given} and regexp_full_match(strings[${index}], '-?\\d+') and ${type} <> 'VARCHAR'`,
        quoteLiteral(`out_of_range: ${name}`),
      )
      branch(given, wrong)
      break
    case 'TIMESTAMPTZ':
      branch(`${given} and ${type} = 'VARCHAR'`, quoteLiteral(`bad_timestamp: ${name}`))
      branch(given, wrong)
      break
    case 'VARCHAR':
      branch(given, wrong)
      break
    case 'JSON':
      break
    default:
      column.type satisfies never
  }
  return branches.join('\n    ')
}

/** A member name inside a JSON path. */
function jsonName(name: string): string {
  return `"${name}"`
}
