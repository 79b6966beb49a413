/** Named selections of selectors.yml, their short spellings written out as dbt does. */
import type { SelectorDefinition } from '../compile/graph.ts'
import { isObject, type JsonObject } from './json.ts'

export function selectorJson(selector: SelectorDefinition): JsonObject {
  const { name, description, isDefault, definition } = selector
  return {
    name,
    ...(description !== '' && { description }),
    ...((isDefault || selector.saysDefault === true) && { default: isDefault }),
    definition: definitionJson(definition),
  }
}

function definitionJson(definition: unknown): unknown {
  if (typeof definition === 'string') return criterionJson(definition)
  if (!isObject(definition)) return definition
  for (const key of ['union', 'intersection', 'exclude']) {
    const items = definition[key]
    if (Array.isArray(items) && !('method' in definition))
      return { [key]: items.map(definitionJson) }
  }
  const entries = Object.entries(definition)
  const [only] = entries
  // `tag: nightly` is short for a method and its value.
  if (entries.length === 1 && only !== undefined) return { method: only[0], value: only[1] }
  return definition
}

const criterion =
  /^(?<childrens_parents>@)?(?<parents>(?<parents_depth>\d*)\+)?((?<method>[\w.]+):)?(?<value>.*?)(?<children>\+(?<children_depth>\d*))?$/s

/** `2+tag:x+` as a map; keys that say nothing are left out. */
function criterionJson(text: string): JsonObject {
  const found = criterion.exec(text)?.groups ?? {}
  const value = found['value'] ?? ''
  const { parents_depth, children_depth } = found
  return {
    ...(found['childrens_parents'] !== undefined && { childrens_parents: true }),
    ...(found['parents'] !== undefined && { parents: true }),
    ...(parents_depth && { parents_depth }),
    method: found['method'] ?? defaultMethod(value),
    ...(value !== '' && { value }),
    ...(found['children'] !== undefined && { children: true }),
    ...(children_depth && { children_depth }),
  }
}

function defaultMethod(value: string): string {
  if (/[\\/]/.test(value)) return 'path'
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn'
}
