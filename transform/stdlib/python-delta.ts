/** Python's `timedelta` and `time`: lengths of time, and times of day. */
import {
  Float,
  HostFunction,
  type HostObject,
  hostObject,
  isNumber,
  numberOf,
  Undefined,
} from '../jinja/values.ts'

const dayMicros = 86_400_000_000

const pad = (value: number, size = 2) => String(value).padStart(size, '0')

/** `13:05:06`, and the microseconds when there are some. */
function clockText(micros: number, hourWidth: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = micros % 1_000_000
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const clock = `${pad(hours, hourWidth)}:${pad(minutes)}:${pad(seconds % 60)}`
  return fraction === 0 ? clock : `${clock}.${pad(fraction, 6)}`
}

export class PythonDelta implements HostObject {
  readonly [hostObject] = true
  /** Whole microseconds; exact within 285 years. */
  readonly micros: number

  constructor(micros: number) {
    this.micros = Math.round(micros)
  }

  attribute(name: string): unknown {
    const days = Math.floor(this.micros / dayMicros)
    const rest = this.micros - days * dayMicros
    if (name === 'days') return days
    if (name === 'seconds') return Math.floor(rest / 1_000_000)
    if (name === 'microseconds') return rest % 1_000_000
    if (name === 'total_seconds') {
      return new HostFunction(name, () => new Float(this.micros / 1_000_000))
    }
    return new Undefined(name)
  }

  text(): string {
    const days = Math.floor(this.micros / dayMicros)
    const clock = clockText(this.micros - days * dayMicros, 1)
    return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`
  }

  operate(operator: string, other: unknown): unknown {
    if (other instanceof PythonDelta) {
      if (operator === '+') return new PythonDelta(this.micros + other.micros)
      if (operator === '-') return new PythonDelta(this.micros - other.micros)
      if (operator === '/') return new Float(this.micros / other.micros)
      if (operator === '//') return Math.floor(this.micros / other.micros)
      return undefined
    }
    if (isTime(other) && operator === '+') return other.operate?.('+', this)
    if (!isNumber(other)) return undefined
    if (operator === '*') return new PythonDelta(this.micros * numberOf(other))
    if (operator === '/') return new PythonDelta(this.micros / numberOf(other))
    if (operator === '//') return new PythonDelta(Math.floor(this.micros / numberOf(other)))
    return undefined
  }

  order(other: unknown): number | undefined {
    return other instanceof PythonDelta ? this.micros - other.micros : undefined
  }
}

/** A `datetime` or a `date`, of which this file knows only that lengths can be added to it. */
function isTime(value: unknown): value is HostObject {
  return typeof value === 'object' && value !== null && 'wall' in value && 'operate' in value
}

/** A time of day. */
export class PythonClock implements HostObject {
  readonly [hostObject] = true
  /** Since midnight. */
  readonly micros: number

  constructor(micros: number) {
    this.micros = micros
  }

  attribute(name: string): unknown {
    const seconds = Math.floor(this.micros / 1_000_000)
    const fields: Readonly<Record<string, number>> = {
      hour: Math.floor(seconds / 3600),
      minute: Math.floor(seconds / 60) % 60,
      second: seconds % 60,
      microsecond: this.micros % 1_000_000,
    }
    if (Object.hasOwn(fields, name)) return fields[name]
    if (name === 'tzinfo') return null
    return name === 'isoformat' ? new HostFunction(name, () => this.text()) : new Undefined(name)
  }

  text(): string {
    return clockText(this.micros, 2)
  }

  order(other: unknown): number | undefined {
    return other instanceof PythonClock ? this.micros - other.micros : undefined
  }
}
