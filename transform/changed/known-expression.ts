/** Which expressions of a template can only stand for what the graph knows: refs, sources, the node itself. */

export type KnownNames = {
  /** Variables and loops of all texts: name → what is assigned to it. */
  readonly assigned: ReadonlyMap<string, readonly string[]>
  /** Parameters of macros, when those who call them hand in relations that the graph knows. */
  readonly parameters: ReadonlySet<string>
  /** Variables that hold the text of a block, which is looked at where it stands. */
  readonly blocks: ReadonlySet<string>
  /** Macros whose text is looked at by itself: name → text. */
  readonly macros: ReadonlyMap<string, string>
}

/** Functions that give a relation which the node depends on. */
const relations = /\b(ref|source|new_rows|function)\s*\(|\bthis\b/
/** What puts a name together from text. */
const composed = /~|\b(var|env_var|target|format|replace)\b/

/** @param isQuery it stands in parentheses, so that it is a query and no name */
export function isKnownExpression(text: string, known: KnownNames, isQuery: boolean): boolean {
  return isKnown(text, known, isQuery, new Set())
}

function isKnown(text: string, known: KnownNames, isQuery: boolean, seen: Set<string>): boolean {
  if (composed.test(text)) return false
  if (relations.test(text)) return true
  const [, name = '', call] = /^\s*([A-Za-z_]\w*)\s*([\w.]*\s*\()?/.exec(text) ?? []
  if (seen.has(name)) return true
  seen.add(name)
  // `dbt_utils.union_relations(…)`, `orders()`: a name has to come from a ref of theirs.
  if (call !== undefined) {
    const called = (text.match(/[A-Za-z_]\w*/g) ?? []).flatMap((one) => known.macros.get(one) ?? [])
    return called.length > 0 && (isQuery || called.some((code) => relations.test(code)))
  }
  if (isQuery && known.blocks.has(name)) return true
  const values = known.assigned.get(name)
  if (values !== undefined) return values.every((value) => isKnown(value, known, isQuery, seen))
  return known.parameters.has(name)
}

/** @param handsIn whether relations are handed to macros */
export function knownNames(
  texts: readonly string[],
  macros: ReadonlyMap<string, string>,
  handsIn: boolean,
): KnownNames {
  const assigned = new Map<string, string[]>()
  const blocks = new Set<string>()
  const parameters = new Set<string>()
  for (const text of texts) {
    for (const [, name = '', value = ''] of text.matchAll(
      /\{%-?\s*set\s+(\w+)\s*=([\s\S]*?)-?%\}/g,
    )) {
      assigned.set(name, [...(assigned.get(name) ?? []), value])
    }
    for (const [, name = ''] of text.matchAll(/\{%-?\s*set\s+(\w+)\s*-?%\}/g)) blocks.add(name)
    for (const [, names = '', value = ''] of text.matchAll(
      /\{%-?\s*for\s+([\w\s,]+?)\s+in\s([\s\S]*?)-?%\}/g,
    )) {
      for (const name of names.split(',').map((one) => one.trim())) {
        assigned.set(name, [...(assigned.get(name) ?? []), value])
      }
    }
    if (!handsIn) continue
    for (const [, list = ''] of text.matchAll(
      /\{%-?\s*(?:macro|test|materialization)\s+\w+\s*\(([\s\S]*?)\)\s*-?%\}/g,
    )) {
      for (const [, name = ''] of list.matchAll(/(?:^|,)\s*(\w+)/g)) parameters.add(name)
    }
  }
  return { assigned, parameters, blocks, macros }
}

/** Whether a text names a relation of the graph, to be read or handed on. */
export function namesRelation(text: string): boolean {
  return relations.test(text)
}
