/**
 * Filters as PostgREST spells them: `age=gte.18`, `name=not.like.A*`, `id=in.(1,2)`, `or=(a.eq.1,and(b.gt.2,c.is.null))`.
 * A column is only found through `columnOf`, which knows what the caller may filter by.
 */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { CompareOperator, Condition, IsState } from './condition.ts'
import type { TableColumn } from './published-table.ts'
import { type Literal, readLiteral, readPattern } from './read-literal.ts'

/** @throws `api/unknown-column`, `api/masked-column` */
export type ColumnOf = (name: string) => TableColumn

const comparisons: Readonly<Record<string, CompareOperator>> = {
  eq: '=',
  neq: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'like',
  ilike: 'ilike',
}
const operators = [...Object.keys(comparisons), 'in', 'is', 'not']

const states: Readonly<Record<string, IsState>> = {
  null: 'null',
  not_null: 'not null',
  true: 'true',
  false: 'false',
}

const maxListLength = 500
const maxDepth = 8
const maxConditions = 100

/** One parameter `column=operator.value`. @throws `api/invalid-filter`, and what `columnOf` throws */
export function parseFilter(name: string, text: string, columnOf: ColumnOf): Condition {
  const column = columnOf(name)
  const { isNegated, operator, rest } = splitOperator(`${name}=${text}`, text)
  const condition =
    operator === 'in'
      ? inCondition(column, readList(column, rest))
      : valueCondition(column, operator, rest)
  return isNegated ? { kind: 'not', condition } : condition
}

/** The value of `or=` or `and=`: a list in parentheses. @throws as `parseFilter` */
export function parseLogic(kind: 'and' | 'or', text: string, columnOf: ColumnOf): Condition {
  const reader = createReader(`${kind}=${text}`, text, columnOf)
  const condition = reader.group(kind, 1)
  reader.end()
  return condition
}

function splitOperator(filter: string, text: string) {
  const isNegated = text.startsWith('not.')
  const positive = isNegated ? text.slice(4) : text
  const dot = positive.indexOf('.')
  const operator = dot < 0 ? positive : positive.slice(0, dot)
  if (dot < 0 || !operators.includes(operator) || operator === 'not') {
    throw unknownOperator(filter, operator)
  }
  return { isNegated, operator, rest: positive.slice(dot + 1) }
}

function unknownOperator(filter: string, operator: string): Error {
  const close = nearest(operator, operators)
  const meant = close === undefined ? '' : ` (did you mean ${close}?)`
  const reason = `has no operator of ${operators.join(', ')} in front of its value${meant}`
  return problem('api/invalid-filter', { filter: shorten(filter), reason })
}

function shorten(filter: string): string {
  return filter.length > 80 ? `${filter.slice(0, 80)}…` : filter
}

function valueCondition(column: TableColumn, operator: string, text: string): Condition {
  if (operator === 'is') return isCondition(column, text)
  const compare = comparisons[operator] ?? '='
  const isPattern = compare === 'like' || compare === 'ilike'
  const literal = isPattern ? readPattern(column, text) : readLiteral(column, text)
  return { kind: 'compare', column: column.name, operator: compare, literal }
}

function isCondition(column: TableColumn, text: string): Condition {
  const state = Object.hasOwn(states, text) ? states[text] : undefined
  const isTruth = text === 'true' || text === 'false'
  if (state === undefined || (isTruth && column.kind.name !== 'boolean')) {
    const reason = 'takes is.null and is.not_null, for booleans also is.true and is.false'
    throw problem('api/invalid-filter', { filter: `on ${column.name}`, reason })
  }
  return { kind: 'is', column: column.name, state }
}

function inCondition(column: TableColumn, texts: readonly string[]): Condition {
  const literals: Literal[] = texts.map((text) => readLiteral(column, text))
  return { kind: 'in', column: column.name, literals }
}

/** `(1,"a,b",c)` as a whole. */
function readList(column: TableColumn, text: string): string[] {
  const reader = createReader(`${column.name}=in.${text}`, text, () => column)
  const list = reader.list()
  reader.end()
  return list
}

/** Reads a text from left to right. */
function createReader(filter: string, text: string, columnOf: ColumnOf) {
  let at = 0
  let conditions = 0
  const refuse = (reason: string) =>
    problem('api/invalid-filter', { filter: shorten(filter), reason })

  function take(expected: string): void {
    if (text[at] !== expected) throw refuse(`needs ${expected} at character ${at + 1}`)
    at++
  }

  /** In double quotes any character, a backslash before `"` and `\`; without them up to one of `stops`. */
  function word(stops: string): string {
    if (text[at] !== '"') {
      const start = at
      while (at < text.length && !stops.includes(text[at] ?? '')) at++
      return text.slice(start, at)
    }
    at++
    let value = ''
    while (text[at] !== '"') {
      if (at >= text.length) throw refuse('has a " that is never closed')
      if (text[at] === '\\') at++
      value += text[at] ?? ''
      at++
    }
    at++
    return value
  }

  function list(): string[] {
    take('(')
    const values = [word(',)')]
    while (text[at] === ',') {
      at++
      values.push(word(',)'))
    }
    take(')')
    if (values.length > maxListLength) throw refuse(`has more than ${maxListLength} values`)
    return values
  }

  function group(kind: 'and' | 'or', depth: number): Condition {
    if (depth > maxDepth) throw refuse(`is nested more than ${maxDepth} times`)
    take('(')
    const parts = [item(depth)]
    while (text[at] === ',') {
      at++
      parts.push(item(depth))
    }
    take(')')
    return { kind, conditions: parts }
  }

  function item(depth: number): Condition {
    if (++conditions > maxConditions) throw refuse(`has more than ${maxConditions} conditions`)
    const nested = /^(not\.)?(and|or)\(/.exec(text.slice(at, at + 8))
    if (nested !== null) {
      at += nested[0].length - 1
      const condition = group(nested[2] === 'or' ? 'or' : 'and', depth + 1)
      return nested[1] === undefined ? condition : { kind: 'not', condition }
    }
    const column = columnOf(word('.,()'))
    take('.')
    let operator = word('.,()')
    const isNegated = operator === 'not'
    if (isNegated) {
      take('.')
      operator = word('.,()')
    }
    if (!operators.includes(operator) || operator === 'not') throw unknownOperator(filter, operator)
    take('.')
    const condition =
      operator === 'in' ? inCondition(column, list()) : valueCondition(column, operator, word(',)'))
    return isNegated ? { kind: 'not', condition } : condition
  }

  function end(): void {
    if (at < text.length) throw refuse(`has something after its ) at character ${at + 1}`)
  }

  return { list, group, end }
}
