/** The order of the rows, and the condition that a row stands after another one in it. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent } from '../../core/sql.ts'
import { isOrdered } from '../sources/column-kind.ts'
import { type Binder, type Condition, conditionToSql } from './condition.ts'
import type { ColumnOf } from './parse-filter.ts'
import type { TableColumn } from './published-table.ts'
import { exactLiteral } from './read-literal.ts'

export type OrderTerm = {
  readonly column: TableColumn
  readonly isDescending: boolean
  readonly nullsFirst: boolean
}

/** Of two that are as near the first is suggested: `dsc` is a letter away from both directions. */
const words = ['desc', 'asc', 'nullsfirst', 'nullslast']

/**
 * `a.desc.nullslast,b`; nulls are last when it ascends and first when it descends, as in PostgreSQL.
 * @throws `api/invalid-parameter`, and what `columnOf` throws
 */
export function parseOrder(text: string, columnOf: ColumnOf): OrderTerm[] {
  const terms = text.split(',').map((term) => parseTerm(term, columnOf))
  const names = terms.map(({ column }) => column.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw refuse(`names ${twice} more than once`)
  return terms
}

function refuse(reason: string): Error {
  return problem('api/invalid-parameter', { name: 'order', reason })
}

function parseTerm(term: string, columnOf: ColumnOf): OrderTerm {
  const match = /^(.*?)(?:\.(asc|desc))?(?:\.(nullsfirst|nullslast))?$/s.exec(term)
  const name = match?.[1] ?? ''
  if (name === '') throw refuse('names no column')
  const column = findColumn(name, columnOf)
  if (!isOrdered(column.kind.name)) {
    throw refuse(`names ${name}, which is of type ${column.postgresType} and has no order`)
  }
  const isDescending = match?.[2] === 'desc'
  const nullsFirst = match?.[3] === undefined ? isDescending : match[3] === 'nullsfirst'
  return { column, isDescending, nullsFirst }
}

/** A misspelt direction is not a part of the name. */
function findColumn(name: string, columnOf: ColumnOf): TableColumn {
  const dot = name.lastIndexOf('.')
  const word = dot < 0 ? undefined : nearest(name.slice(dot + 1), words)
  try {
    return columnOf(name)
  } catch (error) {
    if (word === undefined) throw error
    throw refuse(`has ${name.slice(dot + 1)} after ${name.slice(0, dot)}; did you mean ${word}?`)
  }
}

/** The order with the key behind it, so that no two rows are equal in it; without a key as it is. */
export function completeOrder(
  terms: readonly OrderTerm[],
  key: readonly TableColumn[],
): readonly OrderTerm[] {
  const missing = key.filter((column) => !terms.some((term) => term.column.name === column.name))
  const added = missing.map((column) => ({ column, isDescending: false, nullsFirst: false }))
  return [...terms, ...added]
}

/** `order by …`, or nothing. */
export function orderToSql(terms: readonly OrderTerm[]): string {
  if (terms.length === 0) return ''
  const parts = terms.map(({ column, isDescending, nullsFirst }) => {
    // What PostgreSQL does by itself is left out: so the order is that of an index.
    const nulls = nullsFirst === isDescending ? '' : nullsFirst ? ' nulls first' : ' nulls last'
    return `${quoteIdent(column.name)}${isDescending ? ' desc' : ''}${nulls}`
  })
  return `order by ${parts.join(', ')}`
}

/**
 * The condition that a row comes after the one with these values, as PostgreSQL writes them.
 * @param values one of each term; null is SQL's NULL
 */
export function afterToSql(
  terms: readonly OrderTerm[],
  values: readonly (string | null)[],
  binder: Binder,
): string {
  const [first] = terms
  if (first === undefined) return 'true'
  const isUniform = terms.every(
    ({ column, isDescending }) => !column.nullable && isDescending === first.isDescending,
  )
  if (isUniform) return compareRows(terms, values, binder)
  const branches = terms.map((term, index): Condition => {
    const equal = terms.slice(0, index).map((other, place) => equals(other, values[place] ?? null))
    return { kind: 'and', conditions: [...equal, after(term, values[index] ?? null)] }
  })
  const whole = conditionToSql({ kind: 'or', conditions: branches }, binder)
  const bound = firstBound(first, values[0] ?? null)
  return bound === undefined ? whole : `${conditionToSql(bound, binder)} and ${whole}`
}

/** `(a, b) > ($1, $2)`, which an index over both answers at once. */
function compareRows(
  terms: readonly OrderTerm[],
  values: readonly (string | null)[],
  { bind }: Binder,
): string {
  const names = terms.map(({ column }) => quoteIdent(column.name))
  const bound = terms.map(({ column }, index) => bind(exactLiteral(column, values[index] ?? '')))
  return `(${names.join(', ')}) ${terms[0]?.isDescending ? '<' : '>'} (${bound.join(', ')})`
}

function equals({ column }: OrderTerm, value: string | null): Condition {
  if (value === null) return { kind: 'is', column: column.name, state: 'null' }
  const literal = exactLiteral(column, value)
  return { kind: 'compare', column: column.name, operator: '=', literal }
}

function after(term: OrderTerm, value: string | null): Condition {
  const { column, isDescending, nullsFirst } = term
  const isNull: Condition = { kind: 'is', column: column.name, state: 'null' }
  if (value === null) {
    return nullsFirst ? { kind: 'not', condition: isNull } : { kind: 'or', conditions: [] }
  }
  const literal = exactLiteral(column, value)
  const operator = isDescending ? '<' : '>'
  const later: Condition = { kind: 'compare', column: column.name, operator, literal }
  const nullsFollow = column.nullable && !nullsFirst
  return nullsFollow ? { kind: 'or', conditions: [later, isNull] } : later
}

/** What follows from the whole and lets an index begin at the right place. */
function firstBound(term: OrderTerm, value: string | null): Condition | undefined {
  const { column, isDescending, nullsFirst } = term
  if (value === null || (column.nullable && !nullsFirst)) return undefined
  const literal = exactLiteral(column, value)
  return { kind: 'compare', column: column.name, operator: isDescending ? '<=' : '>=', literal }
}
