/** What may stand behind `is`. */

import { Decimal } from './decimal.ts'
import { findFilter } from './filters.ts'
import {
  type Arguments,
  compareValues,
  contains,
  Float,
  HostFunction,
  isEqual,
  isHostObject,
  isNumber,
  numberOf,
  Tuple,
  toText,
  Undefined,
} from './values.ts'

type ValueTest = (value: unknown, args: Arguments) => boolean

export function findTest(name: string): ValueTest | undefined {
  return valueTests.get(name)
}

export function testNames(): readonly string[] {
  return [...valueTests.keys()]
}

const isInteger = (value: unknown) => typeof value === 'number'
const isSequence = (value: unknown) =>
  typeof value === 'string' ||
  Array.isArray(value) ||
  value instanceof Tuple ||
  value instanceof Map
const equals: ValueTest = (value, { positional }) => isEqual(value, positional[0])
const differs: ValueTest = (value, { positional }) => !isEqual(value, positional[0])
const ordered =
  (holds: (order: number) => boolean): ValueTest =>
  (value, { positional }) =>
    holds(compareValues(value, positional[0]))

const isBelow = ordered((order) => order < 0)
const isAtMost = ordered((order) => order <= 0)
const isAbove = ordered((order) => order > 0)
const isAtLeast = ordered((order) => order >= 0)

const valueTests: ReadonlyMap<string, ValueTest> = new Map<string, ValueTest>([
  ['defined', (value) => !(value instanceof Undefined)],
  ['undefined', (value) => value instanceof Undefined],
  ['none', (value) => value === null],
  ['string', (value) => typeof value === 'string'],
  ['number', isNumber],
  ['integer', isInteger],
  ['float', (value) => value instanceof Float && !(value instanceof Decimal)],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  [
    'mapping',
    (value) =>
      value instanceof Map ||
      (isHostObject(value) && value.attribute('get') instanceof HostFunction),
  ],
  ['iterable', (value) => isSequence(value) || value instanceof Set],
  ['sequence', isSequence],
  ['callable', (value) => value instanceof HostFunction],
  ['odd', (value) => Math.abs(numberOf(value) % 2) === 1],
  ['even', (value) => numberOf(value) % 2 === 0],
  ['divisibleby', (value, { positional }) => numberOf(value) % numberOf(positional[0]) === 0],
  ['lower', (value) => toText(value) === toText(value).toLowerCase()],
  ['upper', (value) => toText(value) === toText(value).toUpperCase()],
  ['in', (value, { positional }) => contains(positional[0], value)],
  ['sameas', (value, { positional }) => value === positional[0]],
  ['filter', (value) => findFilter(toText(value)) !== undefined],
  ['test', (value) => valueTests.has(toText(value))],
  ['eq', equals],
  ['equalto', equals],
  ['==', equals],
  ['ne', differs],
  ['!=', differs],
  ['lt', isBelow],
  ['lessthan', isBelow],
  ['<', isBelow],
  ['le', isAtMost],
  ['<=', isAtMost],
  ['gt', isAbove],
  ['greaterthan', isAbove],
  ['>', isAbove],
  ['ge', isAtLeast],
  ['>=', isAtLeast],
])
