/** Functions that Jinja gives every template. */
import { returnFunction } from './runtime.ts'
import {
  HostFunction,
  itemsOf,
  Namespace,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
} from './values.ts'

const maxRange = 100_000

const range = new HostFunction('range', ({ positional }) => {
  const [first = 0, second, third = 1] = positional
  const [start, stop] =
    second === undefined ? [0, numberOf(first)] : [numberOf(first), numberOf(second)]
  const step = numberOf(third)
  if (step === 0) throw new TemplateFault('range() cannot step by 0')
  const size = Math.max(0, Math.ceil((stop - start) / step))
  if (size > maxRange) throw new TemplateFault(`range() gives at most ${maxRange} numbers`)
  return Array.from({ length: size }, (_, index) => start + index * step)
})

const dict = new HostFunction('dict', ({ positional, named }) => {
  const [source] = positional
  const entries = source instanceof Map ? [...source] : pairsOf(source)
  return new Map<unknown, unknown>([...entries, ...named])
})

function pairsOf(source: unknown): [unknown, unknown][] {
  if (source === undefined) return []
  return itemsOf(source).map((pair) => {
    const [key, value] = itemsOf(pair)
    return [key, value]
  })
}

const namespace = new HostFunction('namespace', ({ positional, named }) => {
  const [source] = positional
  const values = new Map<string, unknown>()
  if (source instanceof Map) for (const [key, value] of source) values.set(toText(key), value)
  for (const [key, value] of named) values.set(key, value)
  return new Namespace(values)
})

/** dbt's additions that need nothing of a project: the strict ones fail where the others answer with a default. */
const setOf = new HostFunction('set_strict', ({ positional }) => new Set(itemsOf(positional[0])))
const zipOf = new HostFunction('zip_strict', ({ positional }) => {
  const lists = positional.map(itemsOf)
  const size = Math.min(...lists.map((list) => list.length))
  if (lists.length === 0) return []
  return Array.from({ length: size }, (_, index) => new Tuple(lists.map((list) => list[index])))
})

function orDefault(name: string, strict: HostFunction): HostFunction {
  return new HostFunction(name, (args) => {
    const fallback = name === 'set' ? args.positional[1] : undefined
    try {
      return strict.call(args)
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error
      return fallback ?? args.named.get('default') ?? null
    }
  })
}

export const globalNames: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['range', range],
  ['dict', dict],
  ['namespace', namespace],
  ['return', returnFunction],
  ['set', orDefault('set', setOf)],
  ['set_strict', setOf],
  ['zip', orDefault('zip', zipOf)],
  ['zip_strict', zipOf],
])
