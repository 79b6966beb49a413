/** A YAML file as dbt reads it: scalars of YAML 1.1, and the place of every item of a list. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import type { Position } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { readPlainScalar } from './plain-scalar.ts'

export type YamlMap = { readonly [key: string]: unknown }

export type YamlValues = {
  /** The top of the file; empty when it is no map. */
  readonly value: YamlMap
  /** Where an item of a top-level list stands. */
  positionOf(key: string, index: number): Position
}

/** @throws `model/not-yaml` */
export function readYamlValues(file: string, text: string): YamlValues {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
  })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const [broken] = document.errors
  if (broken !== undefined) {
    const reason = (broken.message.split('\n')[0] ?? '').replace(/[.:]$/, '')
    throw problem('model/not-yaml', { reason }, { at: at(broken.pos[0]), cause: broken })
  }
  const value = toValue(document.contents, document)
  return {
    value: isYamlMap(value) ? value : {},
    positionOf: (key, index) => {
      const node = document.getIn([key, index], true)
      const range = isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined
      return range ? at(range[0]) : { file }
    },
  }
}

export function isYamlMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toValue(node: Node | null, document: Document): unknown {
  if (isAlias(node)) return toValue(node.resolve(document) ?? null, document)
  if (isSeq<Node>(node)) return node.items.map((item) => toValue(item, document))
  if (isMap<Node, Node | null>(node)) {
    const entries = node.items.map((pair) => {
      return [String(toValue(pair.key, document)), toValue(pair.value, document)] as const
    })
    return Object.fromEntries(entries)
  }
  if (!isScalar(node)) return null
  const text = String(node.value ?? '')
  return node.type === 'PLAIN' ? readPlainScalar(text) : text
}
