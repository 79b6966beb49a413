/** `modules`: the four modules of Python that dbt lends to templates. */
import {
  type Arguments,
  HostFunction,
  type HostObject,
  itemsOf,
  makeHostObject,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
} from '../jinja/values.ts'
import { datetimeModule, utc, type Zone, ZoneValue } from './python-datetime.ts'
import { reModule } from './python-re.ts'

/** @param startedAt ISO 8601; what `now()` answers, so that a project compiles to the same text twice */
export function pythonModules(startedAt: string): HostObject {
  return makeHostObject({
    datetime: datetimeModule(Date.parse(startedAt)),
    pytz: pytzModule,
    re: reModule,
    itertools: itertoolsModule,
  })
}

const pytzModule = makeHostObject({
  utc: new ZoneValue(utc),
  UTC: new ZoneValue(utc),
  timezone: new HostFunction('timezone', ({ positional }) => {
    return new ZoneValue(findZone(toText(positional[0])))
  }),
})

function findZone(name: string): Zone {
  if (name.toUpperCase() === 'UTC') return utc
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw new TemplateFault(`there is no time zone ${name}`, { cause })
  }
  return {
    name,
    offsetAt: (instant) => {
      const text = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value
      const [, sign, hours = 0, minutes = 0] = /GMT([+-])(\d+):(\d+)/.exec(text ?? '') ?? []
      return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
    },
  }
}

const maxCombinations = 100_000

function limited(tuples: Iterable<unknown[]>): Tuple[] {
  const found: Tuple[] = []
  for (const items of tuples) {
    if (found.push(new Tuple(items)) > maxCombinations) {
      throw new TemplateFault(`itertools gives at most ${maxCombinations} results`)
    }
  }
  return found
}

function* product(lists: readonly (readonly unknown[])[]): Iterable<unknown[]> {
  const [first, ...rest] = lists
  if (first === undefined) yield []
  else for (const item of first) for (const tail of product(rest)) yield [item, ...tail]
}

/** Choices of `size` items; `next` gives the indexes that may follow one. */
function* choose(
  items: readonly unknown[],
  size: number,
  next: (index: number, at: number) => boolean,
  taken: readonly number[] = [],
): Iterable<unknown[]> {
  if (taken.length === size) {
    yield taken.map((index) => items[index])
    return
  }
  for (let at = 0; at < items.length; at++) {
    if (taken.every((index) => next(index, at))) yield* choose(items, size, next, [...taken, at])
  }
}

function sized(next: (index: number, at: number) => boolean) {
  return ({ positional: [list, size], named }: Arguments) => {
    const items = itemsOf(list)
    return limited(choose(items, numberOf(size ?? named.get('r') ?? items.length), next))
  }
}

const itertoolsModule = makeHostObject({
  product: new HostFunction('product', ({ positional, named }) => {
    const lists = positional.map(itemsOf)
    const repeat = Math.min(numberOf(named.get('repeat') ?? 1), 50)
    return limited(product(Array.from({ length: repeat }, () => lists).flat()))
  }),
  permutations: new HostFunction(
    'permutations',
    sized((index, at) => index !== at),
  ),
  combinations: new HostFunction(
    'combinations',
    sized((index, at) => index < at),
  ),
  combinations_with_replacement: new HostFunction(
    'combinations_with_replacement',
    sized((index, at) => index <= at),
  ),
  chain: new HostFunction('chain', ({ positional }) => positional.flatMap(itemsOf)),
  accumulate: new HostFunction('accumulate', ({ positional }) => {
    let sum = 0
    return itemsOf(positional[0]).map((item) => {
      sum += numberOf(item)
      return sum
    })
  }),
  islice: new HostFunction('islice', ({ positional: [list, first, second] }) =>
    second === undefined
      ? itemsOf(list).slice(0, numberOf(first))
      : itemsOf(list).slice(numberOf(first), numberOf(second)),
  ),
  repeat: new HostFunction('repeat', ({ positional: [item, times] }) => {
    const count = numberOf(times ?? maxCombinations + 1)
    if (count > maxCombinations)
      throw new TemplateFault(`repeat() gives at most ${maxCombinations}`)
    return Array.from({ length: count }, () => item)
  }),
})
