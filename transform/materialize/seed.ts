/**
 * A CSV file as a table, read by DuckDB. A column has the type that is declared for it; where none is, it gets the one
 * that dbt would give it, which is found by the rules of agate over all of its values, and not over a sample.
 */
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import { type SeedNode, textConfig } from '../compile/graph.ts'
import { isMap } from './config-lists.ts'
import { counting, dropOther, type Existing, relationSql, type Statement } from './statement.ts'

/** Every value as text; with the names of the header. */
function readAsText(seed: SeedNode): string {
  return `read_csv(${[...readOptions(seed), 'all_varchar = true'].join(', ')})`
}

/** Quoted as dbt has it, whatever a file looks like; so DuckDB need not try other ways, which takes 6 ms a read. */
function readOptions(seed: SeedNode): string[] {
  const delimiter = textConfig(seed.config, 'delimiter') ?? ','
  return [
    quoteLiteral(seed.absolutePath),
    'header = true',
    `delim = ${quoteLiteral(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
  ]
}

/**
 * A query whose columns are those of the file.
 * @throws `model/empty-seed`: DuckDB makes a column of its own of an empty file
 */
export function headerQuery(seed: SeedNode): string {
  if (seed.isEmpty) {
    throw problem('model/empty-seed', { seed: seed.name }, { at: { file: seed.file } })
  }
  return `select * from ${readAsText(seed)}`
}

/** The values of the first line of the file, as text. */
export function firstLineQuery(seed: SeedNode): string {
  const options = readOptions(seed).map((one) => one.replace('header = true', 'header = false'))
  return `select * from read_csv(${[...options, 'all_varchar = true'].join(', ')}) limit 1`
}

/** What was found out about the values of a column; all false for a column without any. */
export type ColumnFacts = Readonly<Record<Fact, boolean>>

const facts = [
  'isFilled',
  'isNumber',
  'hasFraction',
  // Does not go into 32 bits, nor into 64.
  'isLong',
  'isHuge',
  'isDate',
  'isTime',
  'isBoolean',
] as const

type Fact = (typeof facts)[number]

/** Rows that are looked at closely. What they show of a column is then only confirmed on the others. */
export const closeRows = 10_000

/**
 * A query of the first rows, with a row for each column that holds any: `place` among the names, `row_count`, and
 * `digits`, one a fact.
 * @param names of the columns whose types are not declared
 */
export function factsQuery(seed: SeedNode, names: readonly string[]): string {
  // One under the other: planned a column each, the tests of a wide file take longer than the file.
  const values = names.map((name) => quoteIdent(name)).join(', ')
  return `select place, count(*) as row_count, ${digitsSql(factsSql('value'))} as digits
from (
  select unnest(range(${names.length})) as place, unnest([${values}]) as value
  from (from ${readAsText(seed)} limit ${closeRows})
)
group by place`
}

/**
 * A query of one row: the digits of each column over all rows, as `c0`, `c1` and so on. A column has nothing to prove but
 * what its first rows have shown.
 */
export function confirmQuery(
  seed: SeedNode,
  columns: readonly { readonly name: string; readonly found: ColumnFacts }[],
): string {
  const digits = columns.map(
    ({ name, found }, at) => `${digitsSql(confirmSql(quoteIdent(name), found))} as c${at}`,
  )
  return `select ${digits.join(',\n')}\nfrom ${readAsText(seed)}`
}

function digitsSql(facts: readonly string[]): string {
  return `concat(${facts.map((fact) => `(${fact})::int`).join(', ')})`
}

/** Without patterns: they take ten times as long as the casts, and a seed may have a million values. */
function confirmSql(column: string, found: ColumnFacts): readonly string[] {
  if (!found.isFilled) return factsSql(column)
  const number = `try_cast(${column} as double)`
  const every = (test: string) => `bool_and(${column} is null or coalesce(${test}, false))`
  const any = (test: string) => `coalesce(bool_or(${test}), false)`
  const when = (fact: Fact, sql: string) => (found[fact] ? sql : 'false')
  return [
    'true',
    when('isNumber', every(`${number} is not null`)),
    when('isNumber', any(`${number} <> trunc(${number})`)),
    when('isNumber', any(`abs(${number}) > 2147483647`)),
    when(
      'isNumber',
      any(`abs(${number}) > 9007199254740992 and try_cast(${column} as bigint) is null`),
    ),
    when(
      'isDate',
      every(
        `length(${column}) <= 10 and contains(${column}, '-') and try_cast(${column} as date) is not null`,
      ),
    ),
    when(
      'isTime',
      every(`length(${column}) > 10 and try_cast(${column} as timestamp) is not null`),
    ),
    when('isBoolean', every(`lower(${column}) in ('true', 'false')`)),
  ]
}

/** Cheap tests come first in each: a seed may have a million values. */
function factsSql(column: string): string[] {
  const text = `trim(${column})`
  const filled = `${column} is not null and ${text} <> '' and lower(${text}) <> 'null'`
  const number = `try_cast(${text} as double)`
  const every = (test: string) => `coalesce(bool_and(${test}) filter (${filled}), false)`
  const any = (test: string) => `coalesce(bool_or(${test}) filter (${filled}), false)`
  return [
    `coalesce(bool_or(${filled}), false)`,
    every(
      `${number} is not null and regexp_full_match(${text}, '[-+]?([0-9][0-9_]*\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?')`,
    ),
    any(`${number} <> trunc(${number})`),
    any(`abs(${number}) > 2147483647`),
    any(`abs(${number}) > 9007199254740992 and try_cast(${text} as bigint) is null`),
    every(
      `regexp_full_match(${text}, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') and try_cast(${text} as date) is not null`,
    ),
    `(${every(isStamp(text, ' [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}'))}) or (${every(isStamp(text, 'T[0-9:.,]+(Z|[-+][0-9:]{2,5})?'))})`,
    every(`lower(${text}) in ('true', 'false')`),
  ]
}

function isStamp(text: string, time: string): string {
  return `regexp_full_match(${text}, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}${time}') and try_cast(${text} as timestamptz) is not null`
}

/** @param digits as `factsQuery` gives them */
export function readFacts(digits: string): ColumnFacts {
  const is = (fact: Fact) => digits[facts.indexOf(fact)] === '1'
  return {
    isFilled: is('isFilled'),
    isNumber: is('isNumber'),
    hasFraction: is('hasFraction'),
    isLong: is('isLong'),
    isHuge: is('isHuge'),
    isDate: is('isDate'),
    isTime: is('isTime'),
    isBoolean: is('isBoolean'),
  }
}

/** dbt's type for a column; a number that is too long for its `integer` gets a wider one here. */
export function inferredType(found: ColumnFacts): string {
  if (!found.isFilled) return 'integer'
  if (found.isNumber) {
    if (found.hasFraction) return 'double'
    if (found.isHuge) return 'hugeint'
    return found.isLong ? 'bigint' : 'integer'
  }
  if (found.isDate) return 'date'
  if (found.isTime) return 'timestamp'
  return found.isBoolean ? 'boolean' : 'text'
}

/** `data_type` is for contracts and documentation; only the config `column_types` declares. */
export function declaredTypes(seed: SeedNode): ReadonlyMap<string, string> {
  const declared = seed.config['column_types']
  const entries = isMap(declared) ? Object.entries(declared) : []
  return new Map(entries.map(([column, type]) => [column, String(type)]))
}

export type SeedColumn = { readonly name: string; readonly type: string }

/** @param columns of the file, in its order */
export function materializeSeed(
  seed: SeedNode,
  columns: readonly SeedColumn[],
  existing: Existing,
): Statement[] {
  const types = columns.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`)
  const options = [...readOptions(seed), `columns = {${types.join(', ')}}`]
  const name = relationSql(seed.relation)
  return [
    ...dropOther(seed.relation, existing, 'table'),
    counting(`create or replace table ${name} as\nselect * from read_csv(${options.join(', ')})`),
  ]
}
