/** `--select` text → what it asks for. */
import { problem } from '../../core/problems.ts'

export type Criterion = {
  /** As it was typed. */
  readonly text: string
  readonly method: string
  /** The part of `config.materialized` behind the dot. */
  readonly key: string | undefined
  readonly value: string
  /** How many generations of parents and children come along; Infinity for all. */
  readonly parents: number
  readonly children: number
  /** `@name`: the node, its descendants, and all ancestors of those. */
  readonly isClosed: boolean
}

/** A union of intersections: `a b,c` is `[[a], [b, c]]`. */
export type Selector = readonly (readonly Criterion[])[]

const selectorMethods = [
  'fqn',
  'path',
  'file',
  'tag',
  'source',
  'config',
  'resource_type',
  'package',
  'test_name',
  'test_type',
] as const

/** @throws `model/bad-selector` */
export function parseSelector(texts: readonly string[]): Selector {
  return texts
    .flatMap((text) => text.split(/\s+/))
    .filter((text) => text !== '')
    .map((union) => union.split(',').map(parseCriterion))
}

function parseCriterion(text: string): Criterion {
  const parts = /^(@)?(?:(\d*)(\+))?([^+@]+?)(?:(\+)(\d*))?$/.exec(text)
  if (parts === null) throw bad(text, 'it has no name, or a + or @ in the wrong place')
  const [, at, parentCount, hasParents, body = '', hasChildren, childCount] = parts
  if (at !== undefined && (hasParents !== undefined || hasChildren !== undefined)) {
    throw bad(text, '@ already brings parents and children along')
  }
  return {
    text,
    ...parseMethod(text, body),
    parents: generations(hasParents, parentCount),
    children: generations(hasChildren, childCount),
    isClosed: at !== undefined,
  }
}

function parseMethod(text: string, body: string): Pick<Criterion, 'method' | 'key' | 'value'> {
  const split = /^([a-z_]+)(?:\.([\w.]+))?:(.+)$/.exec(body)
  if (split === null) return { method: defaultMethod(body), key: undefined, value: body }
  const [, method = '', key, value = ''] = split
  if (!(selectorMethods as readonly string[]).includes(method)) {
    throw bad(text, `there is no method ${method}; there are ${selectorMethods.join(', ')}`)
  }
  if (method === 'config' && key === undefined) throw bad(text, 'write config.<name>:<value>')
  return { method, key, value }
}

/** As dbt guesses: a path has a slash, a file an extension, anything else is a name. */
function defaultMethod(value: string): string {
  if (value.includes('/')) return 'path'
  return /\.(sql|csv|py|ya?ml)$/.test(value) ? 'file' : 'fqn'
}

function generations(mark: string | undefined, count: string | undefined): number {
  if (mark === undefined) return 0
  return count === undefined || count === '' ? Number.POSITIVE_INFINITY : Number(count)
}

function bad(selector: string, reason: string) {
  return problem('model/bad-selector', { selector, reason })
}
