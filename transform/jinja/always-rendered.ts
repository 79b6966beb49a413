/** What can be told of a template's tree: which places are reached whatever conditions say, which names it binds. */
import type { Body } from './ast.ts'

/** Offsets of all that is evaluated each time: nothing behind a condition, in a loop or in a macro. */
export function alwaysRendered(body: Body): ReadonlySet<number> {
  const found = new Set<number>()
  visit(body, certainParts, (node) => 'at' in node && found.add(Number(node.at)))
  return found
}

/** Names that are set somewhere in the template: by `set`, `for`, `with`, as macros or as their parameters. */
export function boundNames(body: Body): ReadonlySet<string> {
  const found = new Set<string>()
  visit(body, Object.values, (node) => {
    if (!('name' in node)) return
    // Targets have no place of their own, unlike the names of expressions; arguments of calls are no names.
    const isTarget = 'kind' in node && node.kind === 'name' && !('at' in node)
    const isMacro = 'kind' in node && node.kind === 'macro'
    if (isTarget || isMacro || 'fallback' in node) found.add(String(node.name))
  })
  return found
}

function visit(
  node: unknown,
  parts: (node: object) => readonly unknown[],
  note: (node: object) => unknown,
): void {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) note(node)
  for (const part of Array.isArray(node) ? node : parts(node)) visit(part, parts, note)
}

function certainParts(node: object): readonly unknown[] {
  const part = (key: string): unknown => Reflect.get(node, key)
  switch (part('kind')) {
    case 'if':
      return [part('branches')].flat().slice(0, 1).map(testOf)
    case 'for':
      return [part('items')]
    case 'and':
    case 'or':
      return [part('left')]
    case 'condition':
      return [part('test')]
    case 'call-block':
      return [part('call')]
    case 'macro':
    case 'definition':
      return []
    default:
      return Object.values(node)
  }
}

function testOf(branch: unknown): unknown {
  return typeof branch === 'object' && branch !== null && 'test' in branch ? branch.test : undefined
}
