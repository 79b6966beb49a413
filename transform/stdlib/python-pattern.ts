/** Python's regular expressions → JavaScript's: flags inside the pattern, named groups, blanks and comments of `(?x)`. */
import { isNumber, numberOf, TemplateFault } from '../jinja/values.ts'

/** Bits of Python's flags; `ASCII`, `LOCALE`, `UNICODE` and `DEBUG` are read and do nothing. */
export const flagBits = {
  IGNORECASE: 2,
  LOCALE: 4,
  MULTILINE: 8,
  DOTALL: 16,
  UNICODE: 32,
  VERBOSE: 64,
  DEBUG: 128,
  ASCII: 256,
} as const

/** The flags that a pattern begins with: `(?i)(?sx)`. */
export const leadingFlags = /^\s*(?:\(\?[aiLmsux]+\)\s*)+/

/**
 * @param flags bits of {@link flagBits}, or nothing
 * @param extra flags of JavaScript: `g`, `y`
 * @throws TemplateFault when it is no pattern
 */
export function compilePattern(pattern: string, flags: unknown, extra: string): RegExp {
  const bits = isNumber(flags) ? numberOf(flags) : 0
  const leading = leadingFlags.exec(pattern)?.[0] ?? ''
  const letters = new Set(leading.replaceAll(/[^imsx]/g, ''))
  if (bits & flagBits.IGNORECASE) letters.add('i')
  if (bits & flagBits.MULTILINE) letters.add('m')
  if (bits & flagBits.DOTALL) letters.add('s')
  const isVerbose = letters.delete('x') || (bits & flagBits.VERBOSE) !== 0
  const source = translate(pattern.slice(leading.length), isVerbose)
  const all = [...letters].join('') + extra
  try {
    return new RegExp(source, `u${all}`)
  } catch {
    // A brace that repeats nothing is a brace in Python, and in JavaScript only outside Unicode mode.
    return compileLoose(pattern, source, all)
  }
}

function compileLoose(pattern: string, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    throw new TemplateFault(`${pattern} is not a regular expression`, { cause })
  }
}

/** One thing of a pattern at a time: an escape, a class, a group's opening, a comment, blanks, or a character. */
const parts =
  /(?<escaped>\\[\s\S])|(?<set>\[\^?\]?(?:\\[\s\S]|[^\]\\])*\])|\(\?P<(?<name>\w+)>|\(\?P=(?<same>\w+)\)|(?<remark>\(\?#[^)]*\))|(?<blank>\s+|#[^\n]*)|[\s\S]/g

function translate(pattern: string, isVerbose: boolean): string {
  return pattern.replaceAll(parts, (part: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>> // as replaceAll calls it
    const { escaped, set, name, same, remark, blank } = groups
    if (escaped !== undefined) return translateEscape(escaped, '')
    if (set !== undefined) return translateSet(set)
    if (name !== undefined) return `(?<${name}>`
    if (same !== undefined) return `\\k<${same}>`
    if (remark !== undefined || (isVerbose && blank !== undefined)) return ''
    return part
  })
}

/** In Python a bracket that stands first in a class is one of its characters. */
function translateSet(set: string): string {
  const [, head = '', first = '', body = ''] = /^(\[\^?)(\]?)([\s\S]*)\]$/.exec(set) ?? []
  const inner = body.replaceAll(/\\[\s\S]/g, (escaped) => translateEscape(escaped, '-'))
  return `${head}${first && '\\]'}${inner}]`
}

/** @param kept what else than letters, digits and signs of patterns keeps its backslash */
function translateEscape(escaped: string, kept: string): string {
  if (escaped === '\\A') return '(?<![\\s\\S])'
  if (escaped === '\\Z') return '(?![\\s\\S])'
  const [, character = ''] = escaped
  // JavaScript refuses a backslash before a character that means nothing.
  return /[\w^$\\.*+?()[\]{}|/]/.test(character) || kept.includes(character) ? escaped : character
}
