/**
 * Calls of one statement as one statement: PostgreSQL sets its plan up once and runs it for each call in turn, where
 * setting up costs a statement that reads a few rows a good part of what reading them does. Not every statement can be put
 * so (an aggregate over a parameter alone would be the outer query's); PostgreSQL refuses the others. What is volatile
 * and reads no parameter would be the same for all calls: who has such does not ask for this.
 */
import { type SqlToken, tokenizeSql } from '../../core/sql-tokens.ts'
import type { TextRow } from './text-query.ts'

/**
 * Takes an array for each of the statement's parameters, a value for each call; gives the number of the call first.
 * Undefined where a parameter has no cast, whose type would be another one then, or where our names are the statement's.
 */
export function combinedText(text: string, parameters: number): string | undefined {
  const bound = withColumns(text)
  if (bound === undefined || /millrace_call/i.test(text)) return undefined
  const columns = Array.from({ length: parameters }, (_, at) => `millrace_p${at + 1}`)
  // As subqueries, so that the number of calls does not seem to be worth a plan of its own.
  const arrays = columns.map((_, at) => `(select $${at + 1}::text[])`)
  return `select millrace_call.millrace_place, millrace_rows.*
from unnest(${arrays.join(', ')}) with ordinality as millrace_call(${columns.join(', ')}, millrace_place)
cross join lateral (
${bound}
) as millrace_rows`
}

/** `$1::date` → `millrace_call.millrace_p1::date`: names that nobody gives a table, whose own columns they could hide. */
function withColumns(text: string): string | undefined {
  const tokens = tokenizeSql(text)
  const isParameter = (at: number) => tokens[at]?.text === '$' && tokens[at + 1]?.kind === 'number'
  if (tokens.some((_, at) => isParameter(at) && tokens[at + 2]?.text !== '::')) return undefined
  const write = ({ text }: SqlToken, at: number) => {
    if (isParameter(at)) return ''
    return isParameter(at - 1) ? `millrace_call.millrace_p${text}` : text
  }
  return tokens.map(write).join('')
}

/** @param calls values of each call, all of one length @returns an array literal for each parameter */
export function combinedValues(calls: readonly (readonly (string | null)[])[]): string[] {
  const [first = []] = calls
  return first.map((_, at) => `{${calls.map((values) => arrayElement(values[at])).join(',')}}`)
}

function arrayElement(value: string | null | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}

/** Rows of each call. */
export function rowsByCall(rows: readonly TextRow[], calls: number): TextRow[][] {
  const found: TextRow[][] = Array.from({ length: calls }, () => [])
  for (const [place, ...row] of rows) found[Number(place) - 1]?.push(row)
  return found
}
