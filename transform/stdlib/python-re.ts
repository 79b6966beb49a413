/** `modules.re`. Python's patterns are JavaScript's but for named groups and inline flags, which are rewritten. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  isNumber,
  makeHostObject,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
} from '../jinja/values.ts'

/** Bits of Python's flags. */
const flagBits = { IGNORECASE: 2, MULTILINE: 8, DOTALL: 16 } as const

/** A pattern that backtracks for ever cannot be interrupted, so subjects have a length. */
const maxSubjectLength = 100_000

function compilePattern(pattern: unknown, flags: unknown, extra: string): RegExp {
  const bits = isNumber(flags) ? numberOf(flags) : 0
  let source = toText(pattern)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
  const inline = /^\(\?([ims]+)\)/.exec(source)
  source = source
    .slice(inline?.[0].length ?? 0)
    .replace(/^\\A/, '^')
    .replace(/\\Z$/, '$')
  const letters = new Set(inline?.[1] ?? '')
  if (bits & flagBits.IGNORECASE) letters.add('i')
  if (bits & flagBits.MULTILINE) letters.add('m')
  if (bits & flagBits.DOTALL) letters.add('s')
  try {
    return new RegExp(source, `u${[...letters].join('')}${extra}`)
  } catch {
    // Python allows escapes that mean nothing, JavaScript only outside Unicode mode.
    return compileLoose(source, [...letters].join('') + extra)
  }
}

function compileLoose(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    throw new TemplateFault(`${source} is not a regular expression`, { cause })
  }
}

function subject(value: unknown): string {
  const text = toText(value)
  if (text.length > maxSubjectLength) throw new TemplateFault('this text is too long for re')
  return text
}

function matchValue(found: RegExpExecArray | null): HostObject | null {
  if (found === null) return null
  const groupOf = (key: unknown) =>
    (typeof key === 'string' ? found.groups?.[key] : found[numberOf(key ?? 0)]) ?? null
  const end = found.index + found[0].length
  return makeHostObject(
    {
      group: new HostFunction('group', ({ positional }) =>
        positional.length > 1 ? new Tuple(positional.map(groupOf)) : groupOf(positional[0]),
      ),
      groups: new HostFunction(
        'groups',
        () => new Tuple(found.slice(1).map((group) => group ?? null)),
      ),
      groupdict: new HostFunction('groupdict', () => new Map(Object.entries(found.groups ?? {}))),
      start: new HostFunction('start', () => found.index),
      end: new HostFunction('end', () => end),
      span: new HostFunction('span', () => new Tuple([found.index, end])),
    },
    () => `<re.Match object; span=(${found.index}, ${end})>`,
  )
}

type ReFunction = (given: Readonly<Record<string, unknown>>) => unknown

const replaceAll: ReFunction = ({ pattern, repl, string, count, flags }) => {
  const template = toText(repl)
  let left = isNumber(count) && numberOf(count) > 0 ? numberOf(count) : Number.POSITIVE_INFINITY
  return subject(string).replace(compilePattern(pattern, flags, 'g'), (...found: unknown[]) => {
    if (left-- <= 0) return String(found[0])
    const groups: unknown = found.at(-1)
    return template.replaceAll(/\\(?:g<(\w+)>|(\d))/g, (_, name?: string, digit?: string) => {
      const key = name ?? digit ?? '0'
      if (/^\d+$/.test(key)) return String(found[Number(key)] ?? '')
      const named = typeof groups === 'object' && groups !== null ? Object.entries(groups) : []
      return String(named.find(([group]) => group === key)?.[1] ?? '')
    })
  })
}

const findAll: ReFunction = ({ pattern, string, flags }) =>
  [...subject(string).matchAll(compilePattern(pattern, flags, 'g'))].map((found) => {
    if (found.length === 1) return found[0]
    const groups = found.slice(1).map((group) => group ?? '')
    return groups.length === 1 ? groups[0] : new Tuple(groups)
  })

const functions: Readonly<Record<string, readonly [readonly string[], ReFunction]>> = {
  match: [
    ['string', 'flags'],
    ({ pattern, string, flags }) =>
      matchValue(compilePattern(pattern, flags, 'y').exec(subject(string))),
  ],
  fullmatch: [
    ['string', 'flags'],
    ({ pattern, string, flags }) =>
      matchValue(compilePattern(`^(?:${toText(pattern)})$`, flags, '').exec(subject(string))),
  ],
  search: [
    ['string', 'flags'],
    ({ pattern, string, flags }) =>
      matchValue(compilePattern(pattern, flags, '').exec(subject(string))),
  ],
  findall: [['string', 'flags'], findAll],
  sub: [['repl', 'string', 'count', 'flags'], replaceAll],
  split: [
    ['string', 'maxsplit', 'flags'],
    ({ pattern, string, flags }) => subject(string).split(compilePattern(pattern, flags, '')),
  ],
}

const calls = Object.entries(functions).map(([name, [parameters, run]]) => [
  name,
  new HostFunction(name, (args) => run(bindNamed(name, ['pattern', ...parameters], args))),
])

/** `re.compile(p)` has the same functions with the pattern filled in. */
function compiled({ positional, named }: Arguments): HostObject {
  const [pattern, flags = named.get('flags')] = positional
  compilePattern(pattern, flags, '')
  const bound = Object.entries(functions).map(([name, [parameters, run]]) => [
    name,
    new HostFunction(name, (args) => run({ ...bindNamed(name, parameters, args), pattern, flags })),
  ])
  return makeHostObject({ ...Object.fromEntries(bound), pattern: toText(pattern) })
}

export const reModule = makeHostObject({
  ...Object.fromEntries(calls),
  ...flagBits,
  I: flagBits.IGNORECASE,
  M: flagBits.MULTILINE,
  S: flagBits.DOTALL,
  compile: new HostFunction('compile', compiled),
  escape: new HostFunction('escape', ({ positional }) =>
    toText(positional[0]).replaceAll(/[^\w]/g, (character) => `\\${character}`),
  ),
})
