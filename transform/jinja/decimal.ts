/**
 * Python's Decimal, which is what dbt makes of the decimals and fractions that a query gives: it prints the digits
 * that the query gave, trailing zeros too, and arithmetic keeps 28 of them.
 */
import type { BinaryOperator } from './ast.ts'
import { Float, numberOf, TemplateFault } from './values.ts'

/** Digits that a result of arithmetic has at most, as in Python. */
const precision = 28

/** Beyond this, text of all digits is nothing that a template wants. */
const maxShift = 1_000

export class Decimal extends Float {
  readonly #digits: bigint
  readonly #exponent: number

  /** `digits` × 10 ^ `exponent`. */
  constructor(digits: bigint, exponent: number) {
    super(Number(`${digits}e${exponent}`))
    this.#digits = digits
    this.#exponent = exponent
  }

  /** @param text `-1.50`, `1e-7`. @returns undefined for what is no number */
  static read(text: string): Decimal | undefined {
    const parts = /^([+-]?\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
    if (parts === null) return undefined
    const [, whole = '', fraction = '', exponent = '0'] = parts
    return new Decimal(BigInt(whole + fraction), Number(exponent) - fraction.length)
  }

  /** `str()`: digits in full, but for very large and very small ones. */
  override text(): string {
    const digits = String(this.#size)
    const sign = this.#digits < 0n ? '-' : ''
    const left = this.#exponent + digits.length
    const point = this.#exponent <= 0 && left > -6 ? left : 1
    const power = left === point ? '' : `E${left < point ? '-' : '+'}${Math.abs(left - point)}`
    if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}${power}`
    const fraction = digits.slice(point)
    return `${sign}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}${power}`
  }

  override repr(): string {
    return `Decimal('${this.text()}')`
  }

  override order(other: unknown): number {
    const right = decimalOf(other)
    if (right === undefined) return super.order(other)
    const difference = this.#aligned(right, (a, b) => a - b)
    return difference.#digits < 0n ? -1 : difference.#digits > 0n ? 1 : 0
  }

  override negated(): Decimal {
    return new Decimal(-this.#digits, this.#exponent)
  }

  /** @returns undefined where Python gives no decimal either, or none that is worth its digits */
  override operate(operator: BinaryOperator, left: unknown, right: unknown): Decimal | undefined {
    const [a, b] = [decimalOf(left), decimalOf(right)]
    if (a === undefined || b === undefined) return undefined
    switch (operator) {
      case '+':
        return a.#aligned(b, (x, y) => x + y).#rounded()
      case '-':
        return a.#aligned(b, (x, y) => x - y).#rounded()
      case '*':
        return new Decimal(a.#digits * b.#digits, a.#exponent + b.#exponent).#rounded()
      case '/':
        return a.#divided(notZero(b))
      case '//':
        return new Decimal(a.#aligned(notZero(b), (x, y) => x / y).#digits, 0).#rounded()
      case '%':
        return a.#aligned(notZero(b), (x, y) => x % y).#rounded()
      case '**':
        return a.#raised(b.value)
      default:
        return undefined
    }
  }

  /** `round(value, places)`: halves go to the even neighbour. */
  override rounded(places: number): Decimal {
    const drop = -places - this.#exponent
    if (drop <= 0) return new Decimal(this.#digits * tenTo(-drop), -places)
    return new Decimal(halfEven(this.#digits, tenTo(drop)), -places)
  }

  get #size(): bigint {
    return this.#digits < 0n ? -this.#digits : this.#digits
  }

  /** Works on the digits of both at the smaller exponent. */
  #aligned(other: Decimal, work: (left: bigint, right: bigint) => bigint): Decimal {
    const exponent = Math.min(this.#exponent, other.#exponent)
    const left = this.#digits * tenTo(this.#exponent - exponent)
    return new Decimal(work(left, other.#digits * tenTo(other.#exponent - exponent)), exponent)
  }

  #divided(by: Decimal): Decimal {
    const ideal = this.#exponent - by.#exponent
    if (this.#digits === 0n) return new Decimal(0n, ideal)
    const missing = String(by.#size).length - String(this.#size).length + precision + 1
    const shift = Math.max(0, missing)
    const scaled = this.#digits * tenTo(shift)
    const quotient = scaled / by.#digits
    // A rest decides how halves are rounded, so it must not be lost.
    if (scaled % by.#digits !== 0n) {
      const isNegative = scaled < 0n !== by.#digits < 0n
      return new Decimal(quotient * 10n + (isNegative ? -1n : 1n), ideal - shift - 1).#rounded()
    }
    return stripped(quotient, ideal - shift, ideal).#rounded()
  }

  #raised(power: number): Decimal | undefined {
    if (!Number.isInteger(power) || Math.abs(power) > maxShift) return undefined
    const size = new Decimal(
      this.#digits ** BigInt(Math.abs(power)),
      this.#exponent * Math.abs(power),
    )
    return power < 0 ? new Decimal(1n, 0).#divided(notZero(size)) : size.#rounded()
  }

  /** With no more digits than arithmetic keeps. */
  #rounded(): Decimal {
    const extra = String(this.#size).length - precision
    if (extra <= 0) return this
    const digits = halfEven(this.#digits, tenTo(extra))
    // 99…9 may have become 100…0.
    const result = new Decimal(digits, this.#exponent + extra)
    return String(result.#size).length > precision ? result.#rounded() : result
  }
}

/** A decimal or a whole number as a decimal. */
function decimalOf(value: unknown): Decimal | undefined {
  if (value instanceof Decimal) return value
  if (typeof value === 'bigint') return new Decimal(value, 0)
  if (value instanceof Float || value === null) return undefined
  return typeof value === 'number' || typeof value === 'boolean'
    ? new Decimal(BigInt(numberOf(value)), 0)
    : undefined
}

function notZero(value: Decimal): Decimal {
  if (value.value === 0) throw new TemplateFault('division by zero')
  return value
}

function tenTo(power: number): bigint {
  if (power > maxShift) throw new TemplateFault('this decimal would have too many digits')
  return 10n ** BigInt(power)
}

function halfEven(digits: bigint, unit: bigint): bigint {
  const [whole, rest] = [digits / unit, digits % unit]
  const twice = (rest < 0n ? -rest : rest) * 2n
  const isUp = twice > unit || (twice === unit && whole % 2n !== 0n)
  return isUp ? whole + (digits < 0n ? -1n : 1n) : whole
}

/** Without zeros at the end, as far as the exponent that a division aims at. */
function stripped(digits: bigint, exponent: number, ideal: number): Decimal {
  let [rest, power] = [digits, exponent]
  while (power < ideal && rest % 10n === 0n) {
    rest /= 10n
    power += 1
  }
  return new Decimal(rest, power)
}
