/** `modules`: the four modules of Python that dbt lends to templates. */
import { HostFunction, type HostObject, makeHostObject, numberOf, toText } from '../jinja/values.ts'
import { ZoneValue } from './python-datetime.ts'
import { datetimeModule } from './python-datetime-module.ts'
import { itertoolsModule } from './python-itertools.ts'
import { reModule } from './python-re.ts'
import { findZone, fixedZone, utc } from './time-zone.ts'

/** @param startedAt ISO 8601; what `now()` answers, so that a project compiles to the same text twice */
export function pythonModules(startedAt: string): HostObject {
  return makeHostObject({
    datetime: datetimeModule(Date.parse(startedAt)),
    pytz: pytzModule,
    re: reModule,
    itertools: itertoolsModule,
  })
}

const pytzModule: HostObject = {
  ...makeHostObject({}),
  attribute: (name) =>
    Object.hasOwn(pytz, name) ? pytz[name]?.() : makeHostObject({}).attribute(name),
}

const zoneNames = () => ['UTC', ...Intl.supportedValuesOf('timeZone')]

const pytz: Readonly<Record<string, () => unknown>> = {
  utc: () => new ZoneValue(utc),
  UTC: () => new ZoneValue(utc),
  timezone: () =>
    new HostFunction(
      'timezone',
      ({ positional }) => new ZoneValue(findZone(toText(positional[0]))),
    ),
  FixedOffset: () =>
    new HostFunction(
      'FixedOffset',
      ({ positional }) => new ZoneValue(fixedZone(numberOf(positional[0]))),
    ),
  all_timezones: zoneNames,
  common_timezones: zoneNames,
  all_timezones_set: () => new Set(zoneNames()),
  common_timezones_set: () => new Set(zoneNames()),
}
