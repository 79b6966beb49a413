/**
 * The calls `dbt.ref(…)`, `dbt.source(…)`, `dbt.config(…)` and `dbt.config.get(…)` of a Python model, found in its
 * tokens, so that comments and strings are not taken for calls. Arguments must be literals, as in dbt.
 */
import { type Position, problem } from '../../core/problems.ts'
import type { PythonCall, PythonLiteral } from './project-files.ts'
import { type PythonToken, readPythonTokens } from './python-tokens.ts'
import type { Report } from './report.ts'
import { placeFinder } from './text-position.ts'

const functions = ['ref', 'source', 'config', 'config.get', 'config.meta_get'] as const

/** The calls in order; what dbt would refuse is a problem of the file. */
export function readPythonCalls(file: string, source: string, report: Report): PythonCall[] {
  const tokens = readPythonTokens(source)
  const at = placeFinder(file, source)
  const fail = (reason: string, offset: number) => {
    const place = at(offset)
    report.problems.push(problem('model/python-model', { reason }, { at: place }))
  }
  checkModel(tokens, fail)
  return findCalls(tokens, at, fail)
}

type Fail = (reason: string, offset: number) => void

/** Exactly one `def model(dbt, session)`. */
function checkModel(tokens: readonly PythonToken[], fail: Fail): void {
  const models = tokens.filter(
    ({ text, kind }, index) =>
      kind === 'name' && text === 'model' && tokens[index - 1]?.text === 'def',
  )
  if (tokens.length > 0 && models.length !== 1) {
    fail(`it needs exactly one function model(dbt, session), and has ${models.length}`, 0)
  }
  for (const model of models) {
    const index = tokens.indexOf(model)
    if (tokens[index + 2]?.text === 'dbt') continue
    fail('the first argument of model() must be dbt', model.offset)
  }
}

function findCalls(
  tokens: readonly PythonToken[],
  at: (offset: number) => Position,
  fail: Fail,
): PythonCall[] {
  const calls: PythonCall[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'f-string') {
      for (const part of formattedParts(token.text)) {
        calls.push(...findCalls(readPythonTokens(part), () => at(token.offset), fail))
      }
    }
    if (token.text !== 'dbt' || token.kind !== 'name' || tokens[index - 1]?.text === '.') continue
    const name = dottedName(tokens, index + 1)
    const called = functions.find((known) => known === name.text)
    if (called === undefined || tokens[name.end]?.text !== '(') continue
    const reader = { tokens, index: name.end + 1 }
    const found = readArguments(reader)
    if (found === undefined) {
      fail(`the arguments of dbt.${called}() must be literals`, token.offset)
    } else {
      calls.push({ function: called, ...found, at: at(token.offset) })
    }
  }
  return calls
}

/** `.config.get` as `config.get`, and the index behind it. */
function dottedName(tokens: readonly PythonToken[], from: number) {
  const parts: string[] = []
  let end = from
  for (; tokens[end]?.text === '.' && tokens[end + 1]?.kind === 'name'; end += 2) {
    parts.push(tokens[end + 1]?.text ?? '')
  }
  return { text: parts.join('.'), end }
}

type Reader = { readonly tokens: readonly PythonToken[]; index: number }

type Arguments = {
  readonly positional: readonly PythonLiteral[]
  readonly named: Readonly<Record<string, PythonLiteral>>
}

/** What stands between the brackets of a call; undefined when some of it is no literal. */
function readArguments(reader: Reader): Arguments | undefined {
  const positional: PythonLiteral[] = []
  const named: Record<string, PythonLiteral> = {}
  while (!takes(reader, ')')) {
    const name = reader.tokens[reader.index]
    const isNamed = name?.kind === 'name' && reader.tokens[reader.index + 1]?.text === '='
    if (isNamed) reader.index += 2
    const value = readLiteral(reader)
    if (value === undefined) return undefined
    if (isNamed) named[name.text] = value
    else positional.push(value)
    if (!takes(reader, ',') && reader.tokens[reader.index]?.text !== ')') return undefined
  }
  return { positional, named }
}

const constants = new Map<string, PythonLiteral>([
  ['None', null],
  ['True', true],
  ['False', false],
])

function readLiteral(reader: Reader): PythonLiteral | undefined {
  const token = reader.tokens[reader.index]
  reader.index += 1
  switch (token?.kind) {
    case 'string':
      return readStrings(reader, token.text)
    case 'number':
      return Number(token.text.replaceAll('_', ''))
    case 'name':
      return constants.get(token.text)
    case 'mark':
      return readMarked(reader, token.text)
    default:
      return undefined
  }
}

/** Strings that stand side by side are one. */
function readStrings(reader: Reader, first: string): string {
  let text = first
  for (; reader.tokens[reader.index]?.kind === 'string'; reader.index += 1) {
    text += reader.tokens[reader.index]?.text ?? ''
  }
  return text
}

function readMarked(reader: Reader, mark: string): PythonLiteral | undefined {
  if (mark === '{') return readDict(reader)
  if (mark === '[') return readItems(reader, ']')?.items
  if (mark === '(') {
    const read = readItems(reader, ')')
    // Brackets around one value without a comma only group it.
    return read?.items.length === 1 && !read.endsWithComma ? read.items[0] : read?.items
  }
  const value = mark === '-' || mark === '+' ? readLiteral(reader) : undefined
  if (typeof value !== 'number') return undefined
  return mark === '-' ? -value : value
}

function readItems(reader: Reader, closing: string) {
  const items: PythonLiteral[] = []
  let endsWithComma = false
  while (!takes(reader, closing)) {
    const value = readLiteral(reader)
    if (value === undefined) return undefined
    items.push(value)
    endsWithComma = takes(reader, ',')
    if (!endsWithComma && reader.tokens[reader.index]?.text !== closing) return undefined
  }
  return { items, endsWithComma }
}

/** A dict, or the items of a set. */
function readDict(reader: Reader): PythonLiteral | undefined {
  const items: PythonLiteral[] = []
  const entries: [string, PythonLiteral][] = []
  while (!takes(reader, '}')) {
    const key = readLiteral(reader)
    if (key === undefined) return undefined
    if (takes(reader, ':')) {
      const value = readLiteral(reader)
      if (value === undefined) return undefined
      entries.push([String(key), value])
    } else {
      items.push(key)
    }
    if (!takes(reader, ',') && reader.tokens[reader.index]?.text !== '}') return undefined
  }
  return items.length > 0 ? items : Object.fromEntries(entries)
}

function takes(reader: Reader, text: string): boolean {
  const token = reader.tokens[reader.index]
  const isThere = token?.kind === 'mark' && token.text === text
  if (isThere) reader.index += 1
  return isThere
}

/** What stands in the braces of an f-string; doubled braces are text. */
function formattedParts(text: string): string[] {
  const plain = text.replaceAll(/\{\{|\}\}/g, '')
  return [...plain.matchAll(/\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g)].map(([, part = '']) => part)
}
