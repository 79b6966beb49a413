/** A YAML file with the places of its keys, for messages. */
import type { Position } from '../../core/problems.ts'
import { placeFinder } from './text-position.ts'
import { type QuickYaml, readQuickly } from './yaml-block.ts'
import { type FullYaml, readFully } from './yaml-full.ts'

export type YamlPath = readonly (string | number)[]

export type YamlFile = {
  readonly file: string
  /** As it was read. */
  readonly text: string
  readonly value: unknown
  /** Where the key (or list item) at a path stands; its nearest parent when it is absent. */
  positionOf(path: YamlPath): Position
  /** Keys that one map has twice; the later one counts. */
  readonly duplicates: readonly { readonly key: string; readonly at: Position }[]
}

/** @throws `model/not-yaml` with line and column */
export function parseYamlFile(file: string, source: string): YamlFile {
  // dbt strips its files: a block scalar at the end of one has no line break.
  const text = source
    .replace(/^\ufeff/, '')
    .replaceAll(/\r\n?/g, '\n')
    .trimEnd()
  const unmarked = text.replace(/^---[ \t]*(?=\n|$)/, '   ')
  const quick = readQuickly(unmarked)
  const { value, duplicates, offsetOf } =
    quick === undefined ? readFully(file, text) : withOffsets(quick)
  const place = placeFinder(file, text)
  const positionOf = (path: YamlPath): Position => {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = offsetOf(path.slice(0, depth))
      if (offset !== undefined) return place(offset)
    }
    return { file }
  }
  const twice = duplicates.map(({ key, offset }) => ({ key, at: place(offset) }))
  return { file, text: source, value: value ?? {}, positionOf, duplicates: twice }
}

function withOffsets(quick: QuickYaml): FullYaml {
  return { ...quick, offsetOf: (path) => findOffset(quick, path) }
}

function findOffset({ places, value: root }: QuickYaml, path: YamlPath): number | undefined {
  let value = root
  for (const [depth, key] of path.entries()) {
    if (typeof value !== 'object' || value === null) return undefined
    if (depth === path.length - 1) {
      const known = places.get(value)
      const index = typeof key === 'number' ? key : known?.keys.lastIndexOf(key)
      return index === undefined ? undefined : known?.offsets[index]
    }
    if (Array.isArray(value)) value = typeof key === 'number' ? value[key] : undefined
    else value = isObject(value) ? value[String(key)] : undefined
  }
  return undefined
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
