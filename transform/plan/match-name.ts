/** Names and folders: `orders`, `shop.marts.orders`, `marts.*`, `orders.v2`. */
import type { SelectableNode } from '../compile/graph.ts'
import { fnmatch } from './fnmatch.ts'

/** @returns whether a node has that name or stands in that folder, with or without the project before it */
export function nameMatcher(value: string): (node: SelectableNode) => boolean {
  const wanted = value.split('.')
  const firstPattern = wanted.findIndex((part) => /[*?[\]]/.test(part))
  const matches = firstPattern < 0 ? matchesText : matchesPattern
  return (node) => {
    if (node.kind === 'source') return false
    const isVersioned = node.kind === 'model' && node.version !== undefined
    return [node.fqn, node.fqn.slice(1)].some(
      (fqn) =>
        matchesLeaf(fqn, value, wanted, isVersioned) ||
        matches(fqn, value, wanted, firstPattern, isVersioned),
    )
  }
}

/** A versioned model ends in its name and `v2`; both `orders` and `orders.v2`, `orders_v2` name it. */
function matchesLeaf(
  fqn: readonly string[],
  value: string,
  wanted: readonly string[],
  isVersioned: boolean,
): boolean {
  if (!isVersioned) return fqn.at(-1) === value
  return fqn.at(-2) === value || fqn.slice(-2).join('_') === wanted.slice(-2).join('_')
}

function matchesText(fqn: readonly string[], value: string): boolean {
  const full = fqn.join('.')
  return full === value || full.startsWith(`${value}.`)
}

/** From the first part with a wildcard on, `*` spans dots; alone, a pattern also meets the last name. */
function matchesPattern(
  fqn: readonly string[],
  value: string,
  wanted: readonly string[],
  firstPattern: number,
  isVersioned: boolean,
): boolean {
  const flat = fqn.flatMap((part) => part.split('.'))
  if (flat.length < wanted.length) return false
  for (let index = 0; index < firstPattern; index++) {
    if (flat[index] !== wanted[index]) return false
  }
  const [rest, pattern] = [flat.slice(firstPattern), wanted.slice(firstPattern)]
  if (fnmatch(rest.join('.'), pattern.join('.'))) return true
  const leaf = (isVersioned ? fqn.at(-2) : fqn.at(-1)) ?? ''
  return wanted.length === 1 && fnmatch(leaf, value)
}
