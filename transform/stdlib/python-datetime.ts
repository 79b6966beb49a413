/**
 * Python's `datetime`, `date` and `timedelta` as templates use them: built, parsed, printed, compared, added.
 * Wall-clock fields are kept as if they were UTC, with the offset of their time zone beside them.
 */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  hostObject,
  makeHostObject,
  numberOf,
  TemplateFault,
  toText,
  Undefined,
} from '../jinja/values.ts'
import { formatOffset, formatTime, parseTime } from './strftime.ts'

const dayMs = 86_400_000

export type Zone = {
  readonly name: string
  /** Minutes east of Greenwich at an instant, in milliseconds since 1970. */
  readonly offsetAt: (instant: number) => number
}

export const utc: Zone = { name: 'UTC', offsetAt: () => 0 }

type Methods = Readonly<Record<string, (self: PythonTime, args: Arguments) => unknown>>

/** A `datetime`, or a `date` when `isDate`. */
export class PythonTime implements HostObject {
  readonly [hostObject] = true
  /** Wall-clock time, in milliseconds since 1970 as if it were UTC. */
  readonly wall: number
  readonly isDate: boolean
  readonly zone: Zone | undefined

  constructor(wall: number, isDate: boolean, zone?: Zone) {
    this.wall = isDate ? Math.floor(wall / dayMs) * dayMs : wall
    this.isDate = isDate
    this.zone = zone
  }

  /** A moment as the wall clock of a zone shows it. */
  static at(instant: number, zone: Zone): PythonTime {
    return new PythonTime(instant + zone.offsetAt(instant) * 60_000, false, zone)
  }

  /** Minutes east of Greenwich; undefined without a zone. */
  get offset(): number | undefined {
    const { zone, wall } = this
    return zone?.offsetAt(wall - zone.offsetAt(wall) * 60_000)
  }

  get instant(): number {
    return this.wall - (this.offset ?? 0) * 60_000
  }

  attribute(name: string): unknown {
    const date = new Date(this.wall)
    const fields: Readonly<Record<string, number>> = {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      microsecond: date.getUTCMilliseconds() * 1000,
    }
    if (Object.hasOwn(fields, name)) return fields[name]
    const method = Object.hasOwn(timeMethods, name) ? timeMethods[name] : undefined
    if (method !== undefined) return new HostFunction(name, (args) => method(this, args))
    return new Undefined(name)
  }

  text(): string {
    return this.isDate ? formatTime(this, '%Y-%m-%d') : this.iso(' ')
  }

  iso(separator: string): string {
    if (this.isDate) return this.text()
    const fraction = this.wall % 1000 === 0 ? '' : '.%f'
    const zone = this.offset === undefined ? '' : formatOffset(this.offset, ':')
    return formatTime(this, `%Y-%m-%d${separator}%H:%M:%S${fraction}`) + zone
  }

  operate(operator: string, other: unknown): unknown {
    if (other instanceof PythonDelta && (operator === '+' || operator === '-')) {
      const sign = operator === '+' ? 1 : -1
      return new PythonTime(this.wall + sign * other.milliseconds, this.isDate, this.zone)
    }
    if (other instanceof PythonTime && operator === '-') {
      return new PythonDelta(this.instant - other.instant)
    }
    return undefined
  }

  order(other: unknown): number | undefined {
    return other instanceof PythonTime ? this.instant - other.instant : undefined
  }
}

const fieldNames = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'] as const

const timeMethods: Methods = {
  strftime: (self, { positional }) => formatTime(self, toText(positional[0])),
  isoformat: (self, { positional }) =>
    self.iso(positional[0] === undefined ? 'T' : toText(positional[0])),
  date: (self) => new PythonTime(self.wall, true),
  weekday: (self) => (new Date(self.wall).getUTCDay() + 6) % 7,
  isoweekday: (self) => new Date(self.wall).getUTCDay() || 7,
  timestamp: (self) => self.instant / 1000,
  astimezone: (self, { positional }) => PythonTime.at(self.instant, zoneOf(positional[0])),
  replace: replaceFields,
}

function replaceFields(self: PythonTime, args: Arguments): PythonTime {
  const given = bindNamed('replace', [...fieldNames, 'tzinfo'], args)
  const field = (name: string) => numberOf(given[name] ?? self.attribute(name))
  const zone = given['tzinfo'] === undefined ? self.zone : zoneOf(given['tzinfo'])
  return new PythonTime(wallOf(field), self.isDate, zone)
}

function wallOf(field: (name: string) => number): number {
  const wall = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
    Math.floor(field('microsecond') / 1000),
  )
  const date = new Date(wall)
  if (date.getUTCMonth() + 1 !== field('month') || date.getUTCDate() !== field('day')) {
    throw new TemplateFault('there is no such day')
  }
  return wall
}

/** A time zone as `modules.pytz` gives it; nothing means UTC. */
function zoneOf(value: unknown): Zone {
  return value instanceof ZoneValue ? value.zone : utc
}

export class ZoneValue implements HostObject {
  readonly [hostObject] = true
  readonly zone: Zone
  constructor(zone: Zone) {
    this.zone = zone
  }

  attribute(name: string): unknown {
    if (name === 'zone') return this.zone.name
    if (name !== 'localize') return new Undefined(name)
    return new HostFunction('localize', ({ positional: [time] }) => {
      if (!(time instanceof PythonTime)) throw new TemplateFault('localize() takes a datetime')
      return new PythonTime(time.wall, false, this.zone)
    })
  }

  text(): string {
    return this.zone.name
  }
}

class PythonDelta implements HostObject {
  readonly [hostObject] = true
  readonly milliseconds: number
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  attribute(name: string): unknown {
    const days = Math.floor(this.milliseconds / dayMs)
    const seconds = this.milliseconds / 1000
    if (name === 'days') return days
    if (name === 'seconds') return Math.floor(seconds - days * 86_400)
    if (name === 'total_seconds') return new HostFunction(name, () => seconds)
    return new Undefined(name)
  }

  text(): string {
    const days = Math.floor(this.milliseconds / dayMs)
    const rest = new Date(this.milliseconds - days * dayMs).toISOString().slice(11, 19)
    const clock = rest.replace(/^0/, '')
    return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`
  }

  operate(operator: string, other: unknown): unknown {
    if (other instanceof PythonDelta) {
      if (operator === '+') return new PythonDelta(this.milliseconds + other.milliseconds)
      if (operator === '-') return new PythonDelta(this.milliseconds - other.milliseconds)
    }
    if (other instanceof PythonTime && operator === '+') return other.operate('+', this)
    if (operator === '*') return new PythonDelta(this.milliseconds * numberOf(other))
    return undefined
  }

  order(other: unknown): number | undefined {
    return other instanceof PythonDelta ? this.milliseconds - other.milliseconds : undefined
  }
}

/** `modules.datetime`. @param now milliseconds since 1970: every `now()` of a run is the same moment */
export function datetimeModule(now: number): HostObject {
  const make = (isDate: boolean) => (args: Arguments) => {
    const given = bindNamed('datetime', [...fieldNames, 'tzinfo'], args)
    const zone = given['tzinfo'] === undefined ? undefined : zoneOf(given['tzinfo'])
    return new PythonTime(
      wallOf((name) => numberOf(given[name] ?? 0)),
      isDate,
      zone,
    )
  }
  const parse = new HostFunction('strptime', ({ positional: [text, format] }) => {
    return new PythonTime(parseTime(toText(text), toText(format)), false)
  })
  const fromIso = (isDate: boolean) =>
    new HostFunction('fromisoformat', ({ positional: [text] }) => {
      const wall = Date.parse(`${toText(text).trim().replace(' ', 'T').slice(0, 23)}Z`)
      const day = Date.parse(toText(text).slice(0, 10))
      const found = Number.isNaN(wall) ? day : wall
      if (Number.isNaN(found)) throw new TemplateFault(`${toText(text)} is not an ISO date`)
      return new PythonTime(found, isDate)
    })
  const nowIn = new HostFunction('now', ({ positional: [zone] }) =>
    zone === undefined ? new PythonTime(now, false) : PythonTime.at(now, zoneOf(zone)),
  )
  const today = (isDate: boolean) => new HostFunction('today', () => new PythonTime(now, isDate))
  return makeHostObject({
    datetime: makeHostObject({
      __call__: new HostFunction('datetime', make(false)),
      now: nowIn,
      utcnow: new HostFunction('utcnow', () => new PythonTime(now, false)),
      today: today(false),
      strptime: parse,
      fromisoformat: fromIso(false),
    }),
    date: makeHostObject({
      __call__: new HostFunction('date', make(true)),
      today: today(true),
      fromisoformat: fromIso(true),
    }),
    timedelta: new HostFunction('timedelta', makeDelta),
    timezone: makeHostObject({ utc: new ZoneValue(utc) }),
  })
}

const units: Readonly<Record<string, number>> = {
  days: dayMs,
  seconds: 1000,
  microseconds: 0.001,
  milliseconds: 1,
  minutes: 60_000,
  hours: 3_600_000,
  weeks: 7 * dayMs,
}

function makeDelta(args: Arguments): PythonDelta {
  const given = bindNamed('timedelta', Object.keys(units), args)
  const parts = Object.entries(units).map(([unit, size]) => numberOf(given[unit] ?? 0) * size)
  return new PythonDelta(parts.reduce((sum, part) => sum + part, 0))
}
