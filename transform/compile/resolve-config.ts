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
    if (key.startsWith('+')) own[key.slice(1)] = value
    else if (key !== nextFolder && !isObject(value)) own[key] = value
  }
  return own
}

/** Tags add up, `meta` merges by key, everything else is replaced. */
export function mergeConfig(base: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...base, ...over }
  const tags = [...tagsOf(base), ...tagsOf(over)]
  if (tags.length > 0) merged['tags'] = [...new Set(tags)]
  if (isObject(base['meta']) && isObject(over['meta'])) {
    merged['meta'] = { ...base['meta'], ...over['meta'] }
  }
  return merged
}

/** `tags: a` and `tags: [a, b]`. */
export function tagsOf(config: Config): string[] {
  const { tags } = config
  if (typeof tags === 'string') return [tags]
  return Array.isArray(tags) ? tags.map(String) : []
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
