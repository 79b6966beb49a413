/** What the text of a model names, comments left out: in SQL names have no case. */
import type { DescribedNode } from './described.ts'

export type CodeWords = {
  has(word: string): boolean
  /** `schema.name`, however it is quoted. */
  hasTable(relation: DescribedNode['relation']): boolean
  /** What `var()` is asked for. */
  readonly variables: ReadonlySet<string>
  /** What asks for the time of the build, as it is written. */
  readonly clocks: readonly string[]
  /** Times after as_of, as they are written. */
  readonly laterTimes: readonly string[]
}

// Of one time, `age` is until today.
const clock =
  /\b(?:(?:now|utcnow|today|transaction_timestamp|get_current_time(?:stamp)?)(?=\s*\()|age\s*\((?:[^(),]|\([^()]*\))*\)|(?:current_(?:date|time|timestamp|localtime|localtimestamp)|localtime(?:stamp)?|run_started_at)\b)/g

// `dateadd` also goes back, by amounts below 0.
const laterTime =
  /\bas_of\s*\+[^,;)\n]{0,30}|\b(?:date_?add|timestampadd)\s*\([^()-]*\bas_of\b[^()-]*\)/g

export function wordsOf({ code, macroCode }: Pick<DescribedNode, 'code' | 'macroCode'>): CodeWords {
  const written = withoutComments(`${code}\n${macroCode}`)
  const text = written.toLowerCase().replaceAll(/["`[\]]/g, '')
  const words = new Set(text.match(/\w+/g))
  const dotted = text.replaceAll(/\s*\.\s*/g, '.')
  const all = (pattern: RegExp) =>
    new Set([...text.matchAll(pattern)].map(([found]) => found.trim()))
  return {
    has: (word) => words.has(word.toLowerCase()),
    hasTable: ({ schema, name }) => hasWord(dotted, `${schema}.${name}`.toLowerCase()),
    variables: new Set(
      [...written.matchAll(/\bvar\s*\(\s*(['"])(.*?)\1/g)].map(([, , name]) => name ?? ''),
    ),
    clocks: [...all(clock)],
    laterTimes: [...all(laterTime)],
  }
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/\w/.test(`${text[at - 1] ?? ''}${text[at + word.length] ?? ''}`)) return true
  }
  return false
}

/** Text in quotes stays: what looks like a comment there is none. */
function withoutComments(code: string): string {
  return code.replaceAll(
    /('(?:[^'\n]|'')*')|\{#[\s\S]*?#\}|\/\*[\s\S]*?\*\/|--[^\n]*/g,
    (_, quoted?: string) => quoted ?? ' ',
  )
}
