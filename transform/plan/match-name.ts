/** Names and folders: `orders`, `shop.marts.orders`, `marts.*`, `orders.v2`. */
import type { SelectableNode } from '../compile/graph.ts'
import { fnmatch } from './fnmatch.ts'

/** @returns whether a node has that name or stands in that folder, with or without the project before it */
export function nameMatcher(value: string): (node: SelectableNode) => boolean {
  const wanted = value.split('.')
  const firstPattern = wanted.findIndex((part) => /[*?[\]]/.test(part))
  if (firstPattern < 0) return exactMatcher(value, wanted)
  return (node) =>
    node.kind !== 'source' &&
    [node.fqn, node.fqn.slice(1)].some((fqn) =>
      matchesPattern(fqn, value, wanted, firstPattern, isVersioned(node)),
    )
}

/** Written without a list or a text of its own for each node: hundreds of names meet thousands of nodes. */
function exactMatcher(value: string, wanted: readonly string[]) {
  const version = wanted.slice(-2).join('_')
  return (node: SelectableNode): boolean => {
    if (node.kind === 'source') return false
    const { fqn } = node
    if (isVersioned(node)) {
      // A versioned model ends in its name and `v2`; `orders`, `orders.v2` and `orders_v2` all name it.
      const name = fqn[fqn.length - 2]
      if (name === value || `${name}_${fqn[fqn.length - 1]}` === version) return true
    } else if (fqn[fqn.length - 1] === value) return true
    return startsWith(fqn, 0, value) || startsWith(fqn, 1, value)
  }
}

/** Whether the names from that one on, with dots between, are the value or begin with it and a dot. */
function startsWith(fqn: readonly string[], from: number, value: string): boolean {
  let at = 0
  for (let index = from; index < fqn.length; index++) {
    const part = fqn[index] ?? ''
    if (!value.startsWith(part, at))
      return part[value.length - at] === '.' && part.startsWith(value.slice(at))
    at += part.length
    if (at === value.length) return true
    if (value[at] !== '.') return false
    at++
  }
  return false
}

function isVersioned(node: SelectableNode): boolean {
  return node.kind === 'model' && node.version !== undefined
}

/** From the first part with a wildcard on, `*` spans dots; alone, a pattern also meets the last name. */
function matchesPattern(
  fqn: readonly string[],
  value: string,
  wanted: readonly string[],
  firstPattern: number,
  hasVersion: boolean,
): boolean {
  const flat = fqn.flatMap((part) => part.split('.'))
  if (flat.length < wanted.length) return false
  for (let index = 0; index < firstPattern; index++) {
    if (flat[index] !== wanted[index]) return false
  }
  const [rest, pattern] = [flat.slice(firstPattern), wanted.slice(firstPattern)]
  if (fnmatch(rest.join('.'), pattern.join('.'))) return true
  const leaf = (hasVersion ? fqn.at(-2) : fqn.at(-1)) ?? ''
  return wanted.length === 1 && fnmatch(leaf, value)
}
