/** One node's config from the places it may be said: project file, schema file, header; the later wins. */
import type { Config } from '../project/project.ts'

/** Config of a node from the folder tree of dbt_project.yml. */
export function configOfFolders(tree: Config, fqn: readonly string[]): Config {
  let merged: Config = ownConfig(tree, fqn[0])
  let level: unknown = tree
  for (const [depth, part] of fqn.entries()) {
    level = isObject(level) ? level[part] : undefined
    if (!isObject(level)) break
    merged = mergeConfig(merged, ownConfig(level, fqn[depth + 1]))
  }
  return merged
}

/** Keys with `+`, and plain keys that are not the next folder nor could be one. */
function ownConfig(level: Config, nextFolder: string | undefined): Config {
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith('+')) own[plainKey(key.slice(1).trim())] = value
    else if (key !== nextFolder && !isObject(value)) own[plainKey(key)] = value
  }
  return own
}

/** `pre-hook` and `pre_hook` are one key. */
function plainKey(key: string): string {
  return key === 'pre-hook' || key === 'post-hook' ? key.replace('-', '_') : key
}

const addedUp = new Set(['tags', 'packages', 'pre_hook', 'post_hook'])
const mergedByKey = new Set(['meta', 'docs', 'quoting', 'column_types', 'contract'])

/** Hooks, tags and packages add up; `meta` and its like merge by key; grants by `+`; the rest is replaced. */
export function mergeConfig(base: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...base }
  for (const [written, value] of Object.entries(over)) {
    const key = plainKey(written)
    const known = merged[key]
    if (addedUp.has(key)) merged[key] = [...listOf(known), ...listOf(value)]
    else if (mergedByKey.has(key) && isObject(known) && isObject(value)) {
      merged[key] = { ...known, ...value }
    } else if (key === 'grants' && isObject(value)) {
      merged[key] = mergeGrants(isObject(known) ? known : {}, value)
    } else merged[key] = value
  }
  return merged
}

/** `+select: [b]` adds to what was granted, `select: [b]` replaces it. */
function mergeGrants(known: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...known }
  for (const [key, value] of Object.entries(over)) {
    const privilege = key.replace(/^\+/, '')
    const before = key.startsWith('+') ? listOf(merged[privilege]) : []
    merged[privilege] = [...before, ...listOf(value)]
  }
  return merged
}

/** `tags: a` and `tags: [a, b]`, each tag once. */
export function tagsOf(config: Config): string[] {
  return [...new Set(listOf(config['tags']).map(String))]
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
