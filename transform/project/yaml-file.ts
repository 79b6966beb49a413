/** A YAML file with the places of its keys, for messages. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { type Position, problem } from '../../core/problems.ts'

export type YamlPath = readonly (string | number)[]

export type YamlFile = {
  readonly file: string
  readonly value: unknown
  /** Where the key (or list item) at a path stands; its nearest parent when it is absent. */
  positionOf(path: YamlPath): Position
}

/** @throws `model/not-yaml` with line and column */
export function parseYamlFile(file: string, text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    const reason = (broken.message.split('\n')[0] ?? '').replace(/[.:]$/, '')
    throw problem('model/not-yaml', { reason }, { at: { file, line, column: col }, cause: broken })
  }
  const offsetOf = (path: YamlPath): number | undefined => {
    const key = path.at(-1)
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    }
    if (!isSeq(parent) || typeof key !== 'number') return undefined
    const item = parent.items[key]
    return isScalar(item) || isMap(item) || isSeq(item) ? item.range?.[0] : undefined
  }
  const positionOf = (path: YamlPath): Position => {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = offsetOf(path.slice(0, depth))
      if (offset === undefined) continue
      const { line, col } = lines.linePos(offset)
      return { file, line, column: col }
    }
    return { file }
  }
  return { file, value: document.toJS() ?? {}, positionOf }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
