/** The full reader of YAML: anchors, merged maps, tags, and what is wrong with a text. */
import {
  type Alias,
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
} from 'yaml'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { resolveScalar } from './yaml-scalar.ts'

export type FullYaml = {
  readonly value: unknown
  /** Offset of the key (or list item) at a path; undefined where there is none. */
  offsetOf(path: readonly (string | number)[]): number | undefined
  readonly duplicates: { readonly key: string; readonly offset: number }[]
}

/** A text of a few lines can stand for billions of values: an alias of aliases of aliases. */
const maxAliases = 100_000

const oddKey = 'a key is a list or a map; quote a value that begins with {{'

/** @throws `model/not-yaml` with line and column */
export function readFully(file: string, text: string): FullYaml {
  const lines = new LineCounter()
  const options = { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false }
  const document = parseDocument(text, { ...options, schema: 'failsafe' })
  const refuse = (offset: number, reason: string, cause?: unknown) => {
    const { line, col } = lines.linePos(offset)
    return problem('model/not-yaml', { reason }, { at: { file, line, column: col }, cause })
  }
  const [broken] = document.errors
  if (broken !== undefined) {
    const reason = (broken.message.split('\n')[0] ?? '').replace(/[.:]$/, '')
    throw refuse(broken.pos[0], reason, broken)
  }
  const duplicates: { key: string; offset: number }[] = []
  visit(document, {
    Map: (_, map) => {
      const odd = map.items.map(({ key }) => key).find((key) => isMap(key) || isSeq(key))
      if (odd !== undefined) throw refuse(offsetOfNode(odd), oddKey)
      duplicates.push(...duplicatesOf(map.items))
    },
    Alias: (_, alias, above) => {
      const reason = faultOfAlias(document, alias, above)
      if (reason !== undefined) throw refuse(offsetOfNode(alias), reason)
    },
    Scalar: (key, scalar) => {
      const isPlain = scalar.type === Scalar.PLAIN && scalar.tag === undefined
      if (key !== 'key' && isPlain) scalar.value = resolveScalar(String(scalar.value))
    },
  })
  const offsetOf = (path: readonly (string | number)[]) => {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
    return offsetIn(parent, path.at(-1))
  }
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }), offsetOf, duplicates }
  } catch (cause) {
    if (!/^Excessive alias count/.test(messageOf(cause))) throw cause
    throw refuse(0, 'its aliases stand for too much', cause)
  }
}

function faultOfAlias(
  document: Document.Parsed,
  alias: Alias,
  above: readonly unknown[],
): string | undefined {
  const meant = alias.resolve(document)
  if (meant === undefined) return `nothing before is anchored as ${alias.source}`
  return above.some((node) => isNode(node) && node === meant)
    ? `${alias.source} contains itself`
    : undefined
}

function offsetIn(parent: unknown, key: string | number | undefined): number | undefined {
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key)
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
  }
  if (!isSeq(parent) || typeof key !== 'number') return undefined
  const item = parent.items[key]
  return isScalar(item) || isMap(item) || isSeq(item) ? item.range?.[0] : undefined
}

function offsetOfNode(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0
}

function duplicatesOf(items: readonly { readonly key: unknown }[]) {
  const seen = new Set<string>()
  return items.flatMap(({ key }) => {
    if (!isScalar(key) || key.value === '<<') return []
    const name = String(key.value)
    const isNew = !seen.has(name)
    seen.add(name)
    return isNew ? [] : [{ key: name, offset: key.range?.[0] ?? 0 }]
  })
}
