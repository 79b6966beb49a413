/** Python's operators over template values. */
import type { BinaryOperator, CompareOperator } from './ast.ts'
import { formatPercent } from './format-text.ts'
import {
  compareValues,
  contains,
  describe,
  Float,
  isEqual,
  isHostObject,
  isNumber,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
} from './values.ts'

/** Text longer than this cannot come from a template that means well. */
export const maxTextLength = 64 * 1024 * 1024
const maxListLength = 1_000_000

export function applyBinary(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (operator === '~') return toText(left) + toText(right)
  if (isNumber(left) && isNumber(right)) return calculate(operator, left, right)
  const result = isHostObject(left) ? left.operate?.(operator, right) : undefined
  if (result !== undefined) return result
  if (operator === '+') return add(left, right)
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right)
  if (operator === '*') return repeat(left, right)
  throw new TemplateFault(`${describe(left)} ${operator} ${describe(right)} means nothing`)
}

function calculate(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  const own = left instanceof Float ? left.operate(operator, left, right) : undefined
  const result = own ?? (right instanceof Float ? right.operate(operator, left, right) : undefined)
  if (result !== undefined) return result
  const [a, b] = [numberOf(left), numberOf(right)]
  const isFloat = left instanceof Float || right instanceof Float
  const wrap = (value: number) => (isFloat ? new Float(value) : value)
  switch (operator) {
    case '+':
      return wrap(a + b)
    case '-':
      return wrap(a - b)
    case '*':
      return wrap(a * b)
    case '**':
      return isFloat || b < 0 ? new Float(a ** b) : a ** b
  }
  if (b === 0) throw new TemplateFault(`${toText(left)} ${operator} 0: division by zero`)
  if (operator === '/') return new Float(a / b)
  if (operator === '//') return wrap(Math.floor(a / b))
  return wrap(a - b * Math.floor(a / b))
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'string' && typeof right === 'string') return left + right
  if (Array.isArray(left) && Array.isArray(right)) return joinLists(left, right)
  if (left instanceof Tuple && right instanceof Tuple) {
    return new Tuple(joinLists(left.items, right.items))
  }
  throw new TemplateFault(
    `${describe(left)} + ${describe(right)} means nothing; ~ joins anything as text`,
  )
}

function joinLists(left: readonly unknown[], right: readonly unknown[]): unknown[] {
  assertListLength(left.length + right.length)
  return [...left, ...right]
}

/** @throws TemplateFault for a list that no template that means well makes */
export function assertListLength(length: number): void {
  if (length > maxListLength) throw new TemplateFault('this list would be too long')
}

function repeat(left: unknown, right: unknown): unknown {
  if (typeof left === 'number') return repeat(right, left)
  if (typeof right !== 'number') {
    throw new TemplateFault(`${describe(left)} * ${describe(right)} means nothing`)
  }
  const times = Math.max(0, right)
  if (typeof left === 'string') {
    if (left.length * times > maxTextLength) throw new TemplateFault('this text would be too long')
    return left.repeat(times)
  }
  const items = Array.isArray(left) ? left : left instanceof Tuple ? left.items : undefined
  if (items === undefined) throw new TemplateFault(`${describe(left)} cannot be repeated`)
  assertListLength(items.length * times)
  const repeated = Array.from({ length: times }, () => items).flat()
  return left instanceof Tuple ? new Tuple(repeated) : repeated
}

export function applyUnary(operator: '-' | '+', value: unknown): unknown {
  if (value instanceof Float) return operator === '-' ? value.negated() : value
  return numberOf(value) * (operator === '-' ? -1 : 1) + 0
}

export function applyCompare(operator: CompareOperator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case 'in':
      return contains(right, left)
    case 'not in':
      return !contains(right, left)
    case '<':
      return compareValues(left, right) < 0
    case '<=':
      return compareValues(left, right) <= 0
    case '>':
      return compareValues(left, right) > 0
    case '>=':
      return compareValues(left, right) >= 0
  }
}
