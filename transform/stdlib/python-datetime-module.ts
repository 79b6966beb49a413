/** `modules.datetime`: what makes dates, times and lengths of time. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  makeHostObject,
  numberOf,
  TemplateFault,
  toText,
} from '../jinja/values.ts'
import { fieldNames, makeTime, PythonTime, ZoneValue, zoneOf } from './python-datetime.ts'
import { PythonClock, PythonDelta } from './python-delta.ts'
import { parseTime } from './strftime.ts'
import { fixedZone, utc, type Zone } from './time-zone.ts'

/** @param now milliseconds since 1970: every `now()` of a run is the same moment */
export function datetimeModule(now: number): HostObject {
  return makeHostObject({
    datetime: typeOf('datetime', false, now, {
      utcnow: () => new PythonTime(now, false),
      now: ({ positional: [zone], named }) => momentIn(now, zone ?? named.get('tz')),
      strptime: ({ positional: [text, format] }) => parsed(toText(text), toText(format)),
      combine: ({ positional: [day, clock] }) => combine(day, clock),
      utcfromtimestamp: ({ positional: [seconds] }) => fromSeconds(seconds, undefined),
    }),
    date: typeOf('date', true, now, {}),
    time: new HostFunction('time', makeClock),
    timedelta: new HostFunction('timedelta', makeDelta),
    timezone: makeHostObject({
      utc: new ZoneValue(utc),
      __call__: new HostFunction('timezone', ({ positional: [delta] }) => {
        if (!(delta instanceof PythonDelta)) throw new TemplateFault('timezone() takes a timedelta')
        return new ZoneValue(fixedZone(delta.micros / 60_000_000, 'UTC'))
      }),
    }),
  })
}

type Functions = Readonly<Record<string, (args: Arguments) => unknown>>

function typeOf(name: string, isDate: boolean, now: number, more: Functions): HostObject {
  const functions: Functions = {
    __call__: (args) => {
      const given = bindNamed(name, [...fieldNames, 'tzinfo', 'fold'], args)
      const zone = given['tzinfo'] == null ? undefined : zoneOf(given['tzinfo'])
      return makeTime((field) => numberOf(given[field] ?? 0), isDate, zone)
    },
    today: () => new PythonTime(now, isDate),
    fromisoformat: ({ positional: [text] }) => fromIso(toText(text), isDate),
    fromtimestamp: ({ positional: [seconds, zone], named }) => {
      const time = fromSeconds(seconds, zone ?? named.get('tz'))
      return isDate ? new PythonTime(time.wall, true) : time
    },
    fromordinal: ({ positional: [day] }) =>
      new PythonTime((numberOf(day) - 719_163) * 86_400_000, isDate),
    ...more,
  }
  const limits = {
    min: makeTime((field) => (/year|month|day/.test(field) ? 1 : 0), isDate),
    max: makeTime((field) => lastOf[field] ?? 0, isDate),
  }
  const calls = Object.entries(functions).map(([key, call]) => [key, new HostFunction(key, call)])
  return makeHostObject(
    { ...Object.fromEntries(calls), ...limits },
    () => `<class 'datetime.${name}'>`,
  )
}

const lastOf: Readonly<Record<string, number>> = {
  year: 9999,
  month: 12,
  day: 31,
  hour: 23,
  minute: 59,
  second: 59,
  microsecond: 999_999,
}

function momentIn(now: number, zone: unknown): PythonTime {
  return zone == null ? new PythonTime(now, false) : PythonTime.at(now, zoneOf(zone))
}

function fromSeconds(seconds: unknown, zone: unknown): PythonTime {
  const total = Math.round(numberOf(seconds) * 1_000_000)
  const instant = Math.floor(total / 1000)
  const micros = total - instant * 1000
  return zone == null
    ? new PythonTime(instant, false, undefined, micros)
    : PythonTime.at(instant, zoneOf(zone), micros)
}

function parsed(text: string, format: string): PythonTime {
  const { wall, micros, offset } = parseTime(text, format)
  return new PythonTime(wall, false, zoneAt(offset), micros)
}

function zoneAt(offset: number | undefined): Zone | undefined {
  if (offset === undefined) return undefined
  return offset === 0 ? utc : fixedZone(offset)
}

/** `2024-01-02`, `2024-01-02T03:04`, with seconds, a fraction and an offset. */
function fromIso(text: string, isDate: boolean): PythonTime {
  const found =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(
      text.trim(),
    )
  if (found === null) throw new TemplateFault(`${text} is not an ISO date`)
  const [, day, clock = '00:00', seconds = '00', fraction = '0', zone] = found
  const whole = `${day} ${clock}:${seconds}.${fraction}${zone ?? ''}`
  const time = parsed(whole, `%Y-%m-%d %H:%M:%S.%f${zone === undefined ? '' : '%z'}`)
  return isDate ? new PythonTime(time.wall, true) : time
}

function combine(day: unknown, clock: unknown): PythonTime {
  if (!(day instanceof PythonTime) || !(clock instanceof PythonClock)) {
    throw new TemplateFault('combine() takes a date and a time')
  }
  const ms = Math.floor(clock.micros / 1000)
  return new PythonTime(
    new PythonTime(day.wall, true).wall + ms,
    false,
    undefined,
    clock.micros % 1000,
  )
}

function makeClock(args: Arguments): PythonClock {
  const given = bindNamed('time', ['hour', 'minute', 'second', 'microsecond', 'tzinfo'], args)
  const field = (name: string) => numberOf(given[name] ?? 0)
  const seconds = (field('hour') * 60 + field('minute')) * 60 + field('second')
  return new PythonClock(seconds * 1_000_000 + field('microsecond'))
}

/** In microseconds. */
const units: Readonly<Record<string, number>> = {
  days: 86_400_000_000,
  seconds: 1_000_000,
  microseconds: 1,
  milliseconds: 1000,
  minutes: 60_000_000,
  hours: 3_600_000_000,
  weeks: 604_800_000_000,
}

function makeDelta(args: Arguments): PythonDelta {
  const given = bindNamed('timedelta', Object.keys(units), args)
  const parts = Object.entries(units).map(([unit, size]) => numberOf(given[unit] ?? 0) * size)
  return new PythonDelta(parts.reduce((sum, part) => sum + part, 0))
}
