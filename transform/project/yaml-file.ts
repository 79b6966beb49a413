/** A YAML file with the places of its keys, for messages. */
import type { Position } from '../../core/problems.ts'
import { type QuickYaml, readQuickly } from './yaml-block.ts'
import { type FullYaml, readFully } from './yaml-full.ts'

export type YamlPath = readonly (string | number)[]

export type YamlFile = {
  readonly file: string
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
  return { file, value: value ?? {}, positionOf, duplicates: twice }
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

/** Line and column of an offset, both from 1; the lines are found when the first one is asked for. */
function placeFinder(file: string, text: string): (offset: number) => Position {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
