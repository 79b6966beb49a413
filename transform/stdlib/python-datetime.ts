/**
 * Python's `datetime` and `date` as templates use them: printed, compared, added, asked for their parts. Wall-clock
 * fields are kept as if they were UTC, with the time zone beside them.
 */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  Float,
  HostFunction,
  type HostObject,
  hostObject,
  makeHostObject,
  numberOf,
  TemplateFault,
  toText,
  Undefined,
} from '../jinja/values.ts'
import { PythonClock, PythonDelta } from './python-delta.ts'
import { dayOfYear, formatTime, isoWeek, type Moment } from './strftime.ts'
import { formatOffset, utc, type Zone } from './time-zone.ts'

const dayMs = 86_400_000
/** Python's number of the first day of 1970. */
const firstOrdinal = 719_163

/** A `datetime`, or a `date` when `isDate`. */
export class PythonTime implements HostObject, Moment {
  readonly [hostObject] = true
  /** Wall-clock time, in milliseconds since 1970 as if it were UTC. */
  readonly wall: number
  /** Beyond the millisecond: 0 to 999. */
  readonly micros: number
  readonly isDate: boolean
  readonly zone: Zone | undefined

  constructor(wall: number, isDate: boolean, zone?: Zone, micros = 0) {
    this.wall = isDate ? Math.floor(wall / dayMs) * dayMs : wall
    this.micros = isDate ? 0 : micros
    this.isDate = isDate
    this.zone = zone
  }

  /** A moment as the wall clock of a zone shows it. */
  static at(instant: number, zone: Zone, micros = 0): PythonTime {
    return new PythonTime(instant + zone.offsetAt(instant) * 60_000, false, zone, micros)
  }

  /** Minutes east of Greenwich; undefined without a zone. */
  get offset(): number | undefined {
    const { zone, wall } = this
    return zone?.offsetAt(wall - zone.offsetAt(wall) * 60_000)
  }

  get zoneName(): string {
    return this.zone?.shortName(this.instant) ?? ''
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
      microsecond: date.getUTCMilliseconds() * 1000 + this.micros,
    }
    if (Object.hasOwn(fields, name)) return fields[name]
    if (name === 'tzinfo') return this.zone === undefined ? null : new ZoneValue(this.zone)
    const method = Object.hasOwn(timeMethods, name) ? timeMethods[name] : undefined
    if (method !== undefined) return new HostFunction(name, (args) => method(this, args))
    return new Undefined(name)
  }

  text(): string {
    return this.isDate ? formatTime(this, '%Y-%m-%d') : this.iso(' ')
  }

  iso(separator: string): string {
    if (this.isDate) return this.text()
    const fraction = this.wall % 1000 === 0 && this.micros === 0 ? '' : '.%f'
    const zone = this.offset === undefined ? '' : formatOffset(this.offset, ':')
    return formatTime(this, `%Y-%m-%d${separator}%H:%M:%S${fraction}`) + zone
  }

  operate(operator: string, other: unknown): unknown {
    if (other instanceof PythonDelta && (operator === '+' || operator === '-')) {
      return this.#later(operator === '+' ? other.micros : -other.micros)
    }
    if (other instanceof PythonTime && operator === '-') return new PythonDelta(this.#since(other))
    return undefined
  }

  #later(micros: number): PythonTime {
    const total = this.micros + micros
    const whole = Math.floor(total / 1000)
    return new PythonTime(this.wall + whole, this.isDate, this.zone, total - whole * 1000)
  }

  /** In microseconds. */
  #since(other: PythonTime): number {
    return (this.instant - other.instant) * 1000 + this.micros - other.micros
  }

  order(other: unknown): number | undefined {
    return other instanceof PythonTime ? this.#since(other) : undefined
  }
}

export const fieldNames = [
  ...['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'],
] as const

type Methods = Readonly<Record<string, (self: PythonTime, args: Arguments) => unknown>>

const timeMethods: Methods = {
  strftime: (self, { positional }) => formatTime(self, toText(positional[0])),
  isoformat: (self, { positional: [separator], named }) =>
    self.iso(toText(separator ?? named.get('sep') ?? 'T')),
  ctime: (self) => formatTime(self, '%c'),
  date: (self) => new PythonTime(self.wall, true),
  time: (self) =>
    new PythonClock((self.wall - Math.floor(self.wall / dayMs) * dayMs) * 1000 + self.micros),
  weekday: (self) => (new Date(self.wall).getUTCDay() + 6) % 7,
  isoweekday: (self) => new Date(self.wall).getUTCDay() || 7,
  isocalendar: (self) => isoCalendar(self.wall),
  toordinal: (self) => Math.floor(self.wall / dayMs) + firstOrdinal,
  timetuple: timeTuple,
  timestamp: (self) => new Float((self.instant * 1000 + self.micros) / 1_000_000),
  utcoffset: (self) =>
    self.offset === undefined ? null : new PythonDelta(self.offset * 60_000_000),
  dst: (self) =>
    self.zone === undefined ? null : new PythonDelta(savedMinutes(self) * 60_000_000),
  tzname: (self) => (self.zone === undefined ? null : self.zoneName),
  astimezone: (self, { positional: [zone] }) =>
    PythonTime.at(self.instant, zoneOf(zone), self.micros),
  replace: replaceFields,
}

/** How far the clock is ahead of the zone's winter time. */
function savedMinutes({ zone, wall, offset = 0 }: PythonTime): number {
  const year = new Date(wall).getUTCFullYear()
  const offsets = [0, 6].map((month) => zone?.offsetAt(Date.UTC(year, month)) ?? 0)
  return offset - Math.min(...offsets)
}

function isoCalendar(wall: number): HostObject {
  const [year, week, weekday] = isoWeek(wall)
  const items = [year, week, weekday]
  return {
    ...makeHostObject(
      { year, week, weekday, __iter__: items },
      () => `datetime.IsoCalendarDate(year=${year}, week=${week}, weekday=${weekday})`,
    ),
    item: (key) => items[numberOf(key)],
  }
}

function timeTuple(self: PythonTime): HostObject {
  const field = (name: string) => numberOf(self.attribute(name))
  const fields = {
    tm_year: field('year'),
    tm_mon: field('month'),
    tm_mday: field('day'),
    tm_hour: field('hour'),
    tm_min: field('minute'),
    tm_sec: field('second'),
    tm_wday: (new Date(self.wall).getUTCDay() + 6) % 7,
    tm_yday: dayOfYear(self.wall) + 1,
    tm_isdst: self.zone === undefined ? -1 : Number(savedMinutes(self) > 0),
  }
  const items = Object.values(fields)
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return {
    ...makeHostObject({ ...fields, __iter__: items }, () => `time.struct_time(${text.join(', ')})`),
    item: (key) => items[numberOf(key)],
  }
}

function replaceFields(self: PythonTime, args: Arguments): PythonTime {
  const given = bindNamed('replace', [...fieldNames, 'tzinfo', 'fold'], args)
  const field = (name: string) => numberOf(given[name] ?? self.attribute(name))
  const asked = given['tzinfo']
  const zone = asked === undefined ? self.zone : asked === null ? undefined : zoneOf(asked)
  return makeTime(field, self.isDate, zone)
}

/** @throws TemplateFault for a day that no calendar has */
export function makeTime(
  field: (name: string) => number,
  isDate: boolean,
  zone?: Zone,
): PythonTime {
  const date = new Date(0)
  date.setUTCFullYear(field('year'), field('month') - 1, field('day'))
  if (date.getUTCMonth() + 1 !== field('month') || date.getUTCDate() !== field('day')) {
    throw new TemplateFault('there is no such day')
  }
  const clock = ((field('hour') * 60 + field('minute')) * 60 + field('second')) * 1000
  const micros = field('microsecond')
  const wall = date.getTime() + clock + Math.floor(micros / 1000)
  return new PythonTime(wall, isDate, zone, micros % 1000)
}

/** A time zone as `modules.pytz` gives it; nothing means UTC. */
export function zoneOf(value: unknown): Zone {
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
    const method = Object.hasOwn(zoneMethods, name) ? zoneMethods[name] : undefined
    if (method === undefined) return new Undefined(name)
    return new HostFunction(name, ({ positional: [time] }) => {
      if (!(time instanceof PythonTime)) throw new TemplateFault(`${name}() takes a datetime`)
      return method(time, this.zone)
    })
  }

  text(): string {
    return this.zone.name
  }

  order(other: unknown): number | undefined {
    return other instanceof ZoneValue && other.zone.name === this.zone.name ? 0 : undefined
  }
}

const zoneMethods: Readonly<Record<string, (time: PythonTime, zone: Zone) => unknown>> = {
  localize: ({ wall, micros }, zone) => new PythonTime(wall, false, zone, micros),
  normalize: ({ instant, micros }, zone) => PythonTime.at(instant, zone, micros),
  fromutc: ({ wall, micros }, zone) => PythonTime.at(wall, zone, micros),
  utcoffset: ({ wall }, zone) =>
    new PythonDelta((new PythonTime(wall, false, zone).offset ?? 0) * 60_000_000),
  tzname: ({ wall }, zone) => new PythonTime(wall, false, zone).zoneName,
}
