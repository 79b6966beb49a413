/** Configs: `config.materialized:table`, `config.meta.owner:ops`, `config.unique_key:id`. */
import { fullConfig } from '../artifacts/config-defaults.ts'
import type { SelectableNode } from '../compile/graph.ts'
import { configDefaults } from '../stdlib/config-defaults.ts'
import { deepEqual } from './deep-equal.ts'
import { field } from './json.ts'

/**
 * Only what has code of its own, and sources, can be met; by what was said or by dbt's default.
 * @param path `['meta', 'owner']`
 * @param wanted text, or what YAML holds
 */
export function configMatcher(
  path: readonly string[],
  wanted: unknown,
): (node: SelectableNode) => boolean {
  const isSeverity = path.length === 1 && path[0] === 'severity'
  const isSame = (value: unknown) =>
    isSeverity && typeof value === 'string'
      ? value.toUpperCase() === String(wanted).toUpperCase()
      : matchesBoolean(value, wanted) || deepEqual(value, wanted)
  return (node) => {
    if (path.length === 0 || !isConfigurable(node)) return false
    const value = readConfig(node, path)
    return Array.isArray(value) ? value.some(isSame) || deepEqual(value, wanted) : isSame(value)
  }
}

function isConfigurable(node: SelectableNode): boolean {
  return node.kind === 'source' || ('rawCode' in node && node.kind !== 'function')
}

/** `true` in any case of letters is what YAML reads as true. */
function matchesBoolean(value: unknown, wanted: unknown): boolean {
  return typeof value === 'boolean' && String(wanted).toLowerCase() === String(value)
}

function readConfig(node: SelectableNode, path: readonly string[]): unknown {
  const [key = '', ...rest] = path
  if (key === 'tags') return rest.length === 0 ? node.tags : undefined
  if (key === 'meta') return field(node.meta, ...rest)
  if (key === 'group' && 'group' in node) return field(node.group, ...rest)
  const said = Object.entries(node.config).filter(([name]) => name === key || isKept(name))
  const config =
    said.length === 0 ? configDefaults[node.kind] : fullConfig(node.kind, Object.fromEntries(said))
  return field(config, ...path)
}

/** Each of the two says what the other is. */
function isKept(name: string): boolean {
  return name === 'store_failures' || name === 'store_failures_as'
}
