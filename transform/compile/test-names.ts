/** Names and ids of generic tests, letter by letter as dbt makes them: state and history of a test hang on its id. */
import type { Config } from '../project/project.ts'

export type TestNames = {
  /** Of the node and in its id. */
  readonly full: string
  /** Of files and of the table of failures: a name of 64 characters and more ends in a hash. */
  readonly short: string
}

/** Test, subject and arguments: `unique_orders_id`, `accepted_values_orders_status__a__b`. */
export function nameGenericTest(
  test: string,
  subject: string,
  args: Config,
  md5: (text: string) => string,
): TestNames {
  const parts = Object.keys(args)
    .sort()
    .flatMap((key) => flatten(args[key]))
    .map((text) => text.replaceAll(/[^0-9a-zA-Z_]+/g, '_'))
  const full = `${test}_${subject}_${parts.join('__')}`
  if (full.length < 64) return { full, short: full }
  return { full, short: `${`${test}_${subject}`.slice(0, 30)}_${md5(full)}` }
}

function flatten(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(printPython)
  if (isObject(value)) return Object.values(value).map(printPython)
  return [printPython(value)]
}

export type TestMetadata = {
  readonly namespace: string | undefined
  readonly name: string
  /** Arguments with `column_name` and `model`, as written. */
  readonly kwargs: Config
}

/** `test.<package>.<name>.<the last ten digits of an MD5 of name and arguments>`. */
export function idOfGenericTest(
  owner: string,
  name: string,
  metadata: TestMetadata,
  md5: (text: string) => string,
): string {
  const { namespace = null, name: test, kwargs } = metadata
  const hashed = md5(name + reprAsText({ kwargs, name: test, namespace })).slice(-10)
  return `test.${owner}.${name}.${hashed}`
}

/** Python's `repr` of a value whose leaves are text first, keys sorted. */
function reprAsText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reprAsText).join(', ')}]`
  if (!isObject(value)) return quotePython(printPython(value))
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${quotePython(key)}: ${reprAsText(value[key])}`)
  return `{${entries.join(', ')}}`
}

/** Python's `str` of what YAML gives. */
export function printPython(value: unknown): string {
  if (typeof value === 'string') return value
  return printInside(value)
}

function printInside(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quotePython(value)
  if (Array.isArray(value)) return `[${value.map(printInside).join(', ')}]`
  if (!isObject(value)) return String(value)
  const entries = Object.entries(value)
  return `{${entries.map(([key, part]) => `${quotePython(key)}: ${printInside(part)}`).join(', ')}}`
}

function quotePython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll(/[\\\n\r\t\p{Cc}]/gu, escapeCharacter)
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

const named: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return named[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
