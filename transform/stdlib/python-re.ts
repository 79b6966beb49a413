/** `modules.re`: its functions and matches; `python-pattern` makes the patterns. */
import { bindNamed } from '../jinja/call-arguments.ts'
import {
  type Arguments,
  HostFunction,
  type HostObject,
  isNumber,
  isTruthy,
  makeHostObject,
  numberOf,
  TemplateFault,
  Tuple,
  toText,
} from '../jinja/values.ts'
import { compilePattern, flagBits, leadingFlags } from './python-pattern.ts'
import { withinLimit } from './time-limit.ts'

/** Texts that are longer are not for templates. */
const maxSubjectLength = 100_000

function subject(value: unknown): string {
  const text = toText(value)
  if (text.length > maxSubjectLength) throw new TemplateFault('this text is too long for re')
  return text
}

/** Repetition or choice inside repetition makes backtracking explode; three repetitions in a row make it slow. */
function isRisky({ source }: RegExp, text: string): boolean {
  const repetitions = source.match(/[*+]|\{\d*,\}/g)?.length ?? 0
  if (text.length > (repetitions < 3 ? 2000 : 100)) return true
  return /[*+}|][^()]*\)*[)](?:[*+]|\{)/.test(source)
}

/** Every match, or the first when the pattern is not global. */
function matchesOf(pattern: RegExp, text: string): RegExpExecArray[] {
  const find = () => {
    if (pattern.global) return [...text.matchAll(pattern)]
    const found = pattern.exec(text)
    return found === null ? [] : [found]
  }
  return isRisky(pattern, text) ? withinLimit(find) : find()
}

function matchValue(found: RegExpExecArray | undefined): HostObject | null {
  if (found === undefined) return null
  const groupOf = (key: unknown = 0) =>
    (typeof key === 'string' ? found.groups?.[key] : found[numberOf(key)]) ?? null
  const groups = found.slice(1)
  const [start, end] = [found.index, found.index + found[0].length]
  const spanOf = (key: unknown): readonly [number, number] => {
    const text = groupOf(key)
    if (text === null) return [-1, -1]
    // JavaScript keeps no places of groups without the flag d; the first of the same text is taken.
    const at = key === undefined || key === 0 ? start : start + found[0].indexOf(toText(text))
    return [at, at + toText(text).length]
  }
  const calls: Readonly<Record<string, (args: Arguments) => unknown>> = {
    group: ({ positional }) =>
      positional.length > 1 ? new Tuple(positional.map(groupOf)) : groupOf(positional[0]),
    groups: ({ positional: [fallback = null] }) =>
      new Tuple(groups.map((group) => group ?? fallback)),
    groupdict: () =>
      new Map(Object.entries(found.groups ?? {}).map(([name, text]) => [name, text ?? null])),
    start: ({ positional: [key] }) => spanOf(key)[0],
    end: ({ positional: [key] }) => spanOf(key)[1],
    span: ({ positional: [key] }) => new Tuple(spanOf(key)),
    expand: ({ positional: [template] }) => expand(toText(template), found),
  }
  return {
    ...makeHostObject(
      {
        ...Object.fromEntries(
          Object.entries(calls).map(([name, call]) => [name, new HostFunction(name, call)]),
        ),
        string: found.input,
        pos: 0,
        endpos: found.input.length,
        lastindex: groups.findLastIndex((group) => group !== undefined) + 1 || null,
      },
      () => `<re.Match object; span=(${start}, ${end})>`,
    ),
    item: groupOf,
  }
}

/** `\1`, `\g<1>` and `\g<name>` in what a match is replaced with. */
function expand(template: string, found: RegExpExecArray): string {
  return template.replaceAll(/\\(?:g<(\w+)>|(\d{1,2})|([nt\\]))/g, (_, name, digit, letter) => {
    if (letter !== undefined) return { n: '\n', t: '\t' }[String(letter)] ?? '\\'
    const key = String(name ?? digit)
    return (/^\d+$/.test(key) ? found[Number(key)] : found.groups?.[key]) ?? ''
  })
}

type Given = Readonly<Record<string, unknown>>
type ReFunction = (given: Given) => unknown

/** The text with matches replaced, and how many there were. */
function replaceAll({ pattern, repl, string, count, flags }: Given): [string, number] {
  const text = subject(string)
  const limit = isNumber(count) && numberOf(count) > 0 ? numberOf(count) : Number.POSITIVE_INFINITY
  const found = matchesOf(compilePattern(toText(pattern), flags, 'g'), text).slice(0, limit)
  let output = ''
  let from = 0
  for (const match of found) {
    output += text.slice(from, match.index)
    output +=
      repl instanceof HostFunction
        ? toText(repl.call({ positional: [matchValue(match)], named: new Map() }))
        : expand(toText(repl), match)
    from = match.index + match[0].length
  }
  return [output + text.slice(from), found.length]
}

const findAll: ReFunction = ({ pattern, string, flags }) =>
  matchesOf(compilePattern(toText(pattern), flags, 'g'), subject(string)).map((found) => {
    if (found.length === 1) return found[0]
    const groups = found.slice(1).map((group) => group ?? '')
    return groups.length === 1 ? groups[0] : new Tuple(groups)
  })

/** What stands between matches, and the groups of the matches in their places. */
const split: ReFunction = ({ pattern, string, maxsplit, flags }) => {
  const text = subject(string)
  const most = isNumber(maxsplit) && numberOf(maxsplit) > 0 ? numberOf(maxsplit) : undefined
  const parts: unknown[] = []
  let from = 0
  for (const found of matchesOf(compilePattern(toText(pattern), flags, 'g'), text).slice(0, most)) {
    parts.push(text.slice(from, found.index), ...found.slice(1).map((group) => group ?? null))
    from = found.index + found[0].length
  }
  return [...parts, text.slice(from)]
}

const firstOf =
  (extra: string, wrap = (source: string) => source): ReFunction =>
  ({ pattern, string, flags }) =>
    matchValue(matchesOf(compilePattern(wrap(toText(pattern)), flags, extra), subject(string))[0])

const wholeText = (source: string) => {
  const inline = leadingFlags.exec(source)?.[0] ?? ''
  return `${inline}^(?:${source.slice(inline.length)})$`
}

const functions: Readonly<Record<string, readonly [readonly string[], ReFunction]>> = {
  match: [['string', 'flags'], firstOf('y')],
  fullmatch: [['string', 'flags'], firstOf('', wholeText)],
  search: [['string', 'flags'], firstOf('')],
  findall: [['string', 'flags'], findAll],
  finditer: [
    ['string', 'flags'],
    ({ pattern, string, flags }) =>
      matchesOf(compilePattern(toText(pattern), flags, 'g'), subject(string)).map(matchValue),
  ],
  sub: [['repl', 'string', 'count', 'flags'], (given) => replaceAll(given)[0]],
  subn: [['repl', 'string', 'count', 'flags'], (given) => new Tuple(replaceAll(given))],
  split: [['string', 'maxsplit', 'flags'], split],
}

const calls = Object.entries(functions).map(([name, [parameters, run]]) => [
  name,
  new HostFunction(name, (args) => run(bindNamed(name, ['pattern', ...parameters], args))),
])

/** `re.compile(p)` has the same functions with the pattern filled in. */
function compiled({ positional, named }: Arguments): HostObject {
  const [pattern, flags = named.get('flags')] = positional
  compilePattern(toText(pattern), flags, '')
  const bound = Object.entries(functions).map(([name, [parameters, run]]) => [
    name,
    new HostFunction(name, (args) => run({ ...bindNamed(name, parameters, args), pattern, flags })),
  ])
  const bits = isTruthy(flags ?? 0) ? flags : 0
  return makeHostObject(
    { ...Object.fromEntries(bound), pattern: toText(pattern), flags: bits },
    () => `re.compile('${toText(pattern)}')`,
  )
}

/** Characters that mean something in a pattern. */
const special = /[.^$*+?{}[\]\\|()\-#&~\s]/g

export const reModule = makeHostObject({
  ...Object.fromEntries(calls),
  ...flagBits,
  I: flagBits.IGNORECASE,
  L: flagBits.LOCALE,
  M: flagBits.MULTILINE,
  S: flagBits.DOTALL,
  U: flagBits.UNICODE,
  X: flagBits.VERBOSE,
  A: flagBits.ASCII,
  NOFLAG: 0,
  compile: new HostFunction('compile', compiled),
  purge: new HostFunction('purge', () => null),
  escape: new HostFunction('escape', ({ positional }) =>
    toText(positional[0]).replaceAll(special, (character) => `\\${character}`),
  ),
})
