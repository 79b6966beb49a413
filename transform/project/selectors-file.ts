/** Reads `selectors.yml`: names of selections. What their definitions mean is not looked at here. */
import type { Selector } from './project-others.ts'
import { readName } from './schema-entry.ts'
import type { YamlNode } from './yaml-node.ts'

/** The selectors in order; those without a name or a definition, and names said twice, are problems. */
export function readSelectors(node: YamlNode): Selector[] {
  node.warnUnknown(['selectors', 'version'])
  const seen = new Set<string>()
  return node.items('selectors').flatMap((item) => {
    const name = readName(item)
    if (!item.has('definition')) item.wrong('needs a definition')
    if (name === undefined) return []
    item.warnUnknown(['name', 'description', 'definition', 'default'])
    if (seen.has(name)) item.child('name').wrong(`is ${name} twice`)
    seen.add(name)
    return [
      {
        name,
        description: item.text('description', ''),
        default: item.get('default'),
        definition: item.get('definition'),
        at: item.at,
      },
    ]
  })
}
