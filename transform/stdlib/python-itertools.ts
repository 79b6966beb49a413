/** `modules.itertools`. What Python makes lazily is a list here, of at most 100,000 items. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  isTruthy,
  itemsOf,
  makeHostObject,
  numberOf,
  TemplateFault,
  Tuple,
} from '../jinja/values.ts'

const maxItems = 100_000
/** Items of what has no end: enough for `islice` and for walking beside a list, few enough to hold. */
const endlessItems = 10_000

function limited(tuples: Iterable<unknown[]>): Tuple[] {
  const found: Tuple[] = []
  for (const items of tuples) {
    if (found.push(new Tuple(items)) > maxItems) {
      throw new TemplateFault(`itertools gives at most ${maxItems} results`)
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

function call(name: string, run: (args: Arguments) => unknown) {
  return [name, new HostFunction(name, run)] as const
}

function zipLongest({ positional, named }: Arguments): Tuple[] {
  const lists = positional.map(itemsOf)
  const filler = named.get('fillvalue') ?? null
  const size = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: size }, (_, at) => {
    return new Tuple(lists.map((list) => (at < list.length ? list[at] : filler)))
  })
}

function accumulate(args: Arguments): unknown[] {
  const { iterable, func, initial } = bindNamed('accumulate', ['iterable', 'func', 'initial'], args)
  const add = (sum: unknown, item: unknown) =>
    func instanceof HostFunction
      ? func.call({ positional: [sum, item], named: new Map() })
      : numberOf(sum) + numberOf(item)
  const items = [...(initial == null ? [] : [initial]), ...itemsOf(iterable)]
  const sums: unknown[] = []
  for (const item of items) sums.push(sums.length === 0 ? item : add(sums.at(-1), item))
  return sums
}

function slice({ positional: [list, first, second, third] }: Arguments): unknown[] {
  const items = itemsOf(list)
  const [from, to] = second === undefined ? [0, first] : [numberOf(first ?? 0), second]
  const step = third == null ? 1 : numberOf(third)
  const part = items.slice(from, to == null ? undefined : numberOf(to))
  return part.filter((_, at) => at % step === 0)
}

function repeat({ positional: [item, times], named }: Arguments): unknown[] {
  const asked = times ?? named.get('times')
  const count = asked == null ? endlessItems : numberOf(asked)
  if (count > maxItems) throw new TemplateFault(`repeat() gives at most ${maxItems}`)
  return Array.from({ length: count }, () => item)
}

export const itertoolsModule = makeHostObject(
  Object.fromEntries([
    call('product', ({ positional, named }) => {
      const lists = positional.map(itemsOf)
      const times = Math.min(numberOf(named.get('repeat') ?? 1), 50)
      return limited(product(Array.from({ length: times }, () => lists).flat()))
    }),
    call(
      'permutations',
      sized((index, at) => index !== at),
    ),
    call(
      'combinations',
      sized((index, at) => index < at),
    ),
    call(
      'combinations_with_replacement',
      sized((index, at) => index <= at),
    ),
    call('chain', ({ positional }) => positional.flatMap(itemsOf)),
    call('accumulate', accumulate),
    call('islice', slice),
    call('repeat', repeat),
    call('count', ({ positional: [start = 0, step = 1] }) =>
      Array.from({ length: endlessItems }, (_, at) => numberOf(start) + at * numberOf(step)),
    ),
    call('cycle', ({ positional: [list] }) => {
      const items = itemsOf(list)
      const length = items.length === 0 ? 0 : endlessItems
      return Array.from({ length }, (_, at) => items[at % items.length])
    }),
    call('compress', ({ positional: [list, wanted] }) => {
      const keep = itemsOf(wanted)
      return itemsOf(list).filter((_, at) => isTruthy(keep[at] ?? false))
    }),
    call('starmap', ({ positional: [run, list] }) => {
      if (!(run instanceof HostFunction)) throw new TemplateFault('starmap() takes a function')
      return itemsOf(list).map((args) => run.call({ positional: itemsOf(args), named: new Map() }))
    }),
    call('tee', ({ positional: [list, count = 2] }) => {
      return new Tuple(Array.from({ length: numberOf(count) }, () => [...itemsOf(list)]))
    }),
    call('zip_longest', zipLongest),
  ]),
)
