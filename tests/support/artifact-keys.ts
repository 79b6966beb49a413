/** What dbt's artifacts hold, as recorded from dbt, and a check of ours against it. */
import { readFileSync } from 'node:fs'
import { repository } from './api.ts'

export type ArtifactName = 'manifest' | 'catalog' | 'run_results' | 'sources'

type Type =
  | { readonly kind: 'oneOf'; readonly choices: readonly Type[] }
  | { readonly kind: 'list' | 'map'; readonly of: Type }
  | { readonly kind: 'class' | 'constant' | 'scalar'; readonly name: string }

type Definition = {
  readonly isOpen: boolean
  readonly keys: ReadonlyMap<string, Type>
}

/** Keys of dbt's classes that it never writes into an artifact. */
const unwritten = /^_|config_call_dict$|^defer_(relation|function)$/
/** Keys that it writes only when a node was compiled. */
const whenCompiled = new Set(['compiled', 'compiled_code', 'extra_ctes', 'extra_ctes_injected'])

let recorded: ReadonlyMap<string, Definition> | undefined
const roots = new Map<string, Type>()

/** @returns what is missing, too much or of the wrong type, each with its path; none when it is as dbt writes it */
export function findArtifactFaults(name: ArtifactName, artifact: unknown): string[] {
  recorded ??= readRecorded()
  const root = roots.get(name)
  if (root === undefined) throw new Error(`nothing is recorded of ${name}`)
  return check(artifact, root, '')
}

function check(value: unknown, type: Type, path: string): string[] {
  switch (type.kind) {
    case 'oneOf': {
      const tried = type.choices.map((choice) => check(value, choice, path))
      // The faults that come nearest: those of the class that the value was meant to be.
      return tried.sort((a, b) => a.length - b.length)[0] ?? []
    }
    case 'list':
      if (!Array.isArray(value)) return [`${path} is no list`]
      return value.flatMap((item, index) => check(item, type.of, `${path}[${index}]`))
    case 'map':
      if (!isMap(value)) return [`${path} is no map`]
      return Object.entries(value).flatMap(([key, inner]) =>
        check(inner, type.of, `${path}.${key}`),
      )
    case 'class':
      return isMap(value) ? checkClass(value, type.name, path) : [`${path} is no map`]
    case 'constant':
      return value === type.name ? [] : [`${path} is not ${type.name}`]
    case 'scalar':
      return isScalar(value, type.name) ? [] : [`${path} is no ${type.name}`]
    default:
      return type satisfies never
  }
}

function checkClass(value: Readonly<Record<string, unknown>>, name: string, path: string) {
  const definition = recorded?.get(name)
  if (definition === undefined) throw new Error(`nothing is recorded of ${name}`)
  const faults: string[] = []
  for (const [key, type] of definition.keys) {
    if (key in value) faults.push(...check(value[key], type, `${path}.${key}`))
    else if (!unwritten.test(key) && !(whenCompiled.has(key) && value['compiled'] !== true)) {
      faults.push(`${path}.${key} is missing`)
    }
  }
  if (definition.isOpen) return faults
  const extra = Object.keys(value).filter((key) => !definition.keys.has(key))
  return [...faults, ...extra.map((key) => `${path}.${key} is unknown`)]
}

function isScalar(value: unknown, name: string): boolean {
  if (name === 'any') return value !== undefined
  if (name === 'null') return value === null
  if (name === 'integer') return Number.isInteger(value)
  return typeof value === name
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readRecorded(): Map<string, Definition> {
  const text = readFileSync(`${repository}tests/conformance/artifact-keys.txt`, 'utf8')
  const [head = '', ...paragraphs] = text.trim().split('\n\n')
  for (const line of head.split('\n')) {
    const [name = '', type = ''] = line.split(' = ')
    roots.set(name, parseType(type))
  }
  return new Map(paragraphs.map(parseDefinition))
}

function parseDefinition(paragraph: string): [string, Definition] {
  const [title = '', ...lines] = paragraph.split('\n')
  const [name = '', open] = title.split(' ')
  const keys = lines.map((line) => {
    const [, key = '', type = ''] = /^ {2}([^?:]+)\??: (.*)$/.exec(line) ?? []
    return [key, parseType(type)] as const
  })
  return [name, { isOpen: open === 'open', keys: new Map(keys) }]
}

/** `list (string | null)`, `map (#Column)`, `'text' | 'other'`. */
function parseType(text: string): Type {
  const tokens = text.match(/'[^']*'|[()|]|[^\s()|]+/g) ?? []
  const choice = (): Type => {
    const choices = [term()]
    while (tokens[0] === '|') {
      tokens.shift()
      choices.push(term())
    }
    const [only] = choices
    return choices.length === 1 && only !== undefined ? only : { kind: 'oneOf', choices }
  }
  const term = (): Type => {
    const word = tokens.shift() ?? ''
    if (word === 'list' || word === 'map') {
      tokens.shift()
      const of = choice()
      tokens.shift()
      return { kind: word, of }
    }
    if (word.startsWith('#')) return { kind: 'class', name: word.slice(1) }
    if (word.startsWith("'")) return { kind: 'constant', name: word.slice(1, -1) }
    return { kind: 'scalar', name: word }
  }
  return choice()
}
