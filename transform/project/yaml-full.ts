/** The full reader of YAML: anchors, merged maps, tags, and what is wrong with a text. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar, visit } from 'yaml'
import { problem } from '../../core/problems.ts'
import { resolveScalar } from './yaml-scalar.ts'

export type FullYaml = {
  readonly value: unknown
  /** Offset of the key (or list item) at a path; undefined where there is none. */
  offsetOf(path: readonly (string | number)[]): number | undefined
  readonly duplicates: { readonly key: string; readonly offset: number }[]
}

/** @throws `model/not-yaml` with line and column */
export function readFully(file: string, text: string): FullYaml {
  const lines = new LineCounter()
  const options = { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false }
  const document = parseDocument(text, { ...options, schema: 'failsafe' })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    const reason = (broken.message.split('\n')[0] ?? '').replace(/[.:]$/, '')
    throw problem('model/not-yaml', { reason }, { at: { file, line, column: col }, cause: broken })
  }
  const duplicates: { key: string; offset: number }[] = []
  visit(document, {
    Map: (_, map) => {
      duplicates.push(...duplicatesOf(map.items))
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
  return { value: document.toJS(), offsetOf, duplicates }
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
