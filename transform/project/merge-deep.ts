/** Configs of a schema file over each other, as dbt merges them. */
import type { Config } from './project-properties.ts'
import { isObject } from './yaml-file.ts'

/** Maps merge key by key, all the way down; of two lists the upper comes first; anything else is replaced. */
export function mergeDeep(base: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    if (isObject(below) && isObject(value)) merged[key] = mergeDeep(below, value)
    else if (Array.isArray(below) && Array.isArray(value)) merged[key] = [...value, ...below]
    else merged[key] = value
  }
  return merged
}
