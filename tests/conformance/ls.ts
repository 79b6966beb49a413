/** `ls` of one line of arguments, over a graph. */
import {
  commandFilter,
  type Graph,
  indirectModes,
  nodeLabel,
  selectNodes,
} from '../../transform/index.ts'
import { splitArguments } from './fixtures.ts'

/** The lines that `ls` prints. @throws what the selection is refused for */
export function listNodes(graph: Graph, line: string): string[] {
  const given = readOptions(line)
  const all = (name: string) => given.get(name) ?? []
  const [mode] = all('indirect-selection')
  const [output] = all('output')
  const types = {
    // `-m` chooses and means models alone.
    resourceType: given.has('m') ? ['model'] : all('resource-type'),
    excludeResourceType: all('exclude-resource-type'),
  }
  const selection = {
    select: [...all('select'), ...all('m')],
    exclude: all('exclude'),
    selector: all('selector')[0],
    indirectSelection: indirectModes.find((known) => known === mode),
  }
  const { nodes } = selectNodes(graph, selection, commandFilter('ls', types))
  const style = output === 'name' || output === 'path' ? output : 'selector'
  return nodes.map((node) => nodeLabel(node, style))
}

/** Option → its values; each word that does not begin with a dash belongs to the option before it. */
function readOptions(line: string): Map<string, string[]> {
  const options = new Map<string, string[]>()
  let values: string[] = []
  for (const word of splitArguments(line)) {
    if (!word.startsWith('-')) values.push(word)
    else {
      const name = word.replace(/^-+/, '')
      values = options.get(name) ?? []
      options.set(name, values)
    }
  }
  return options
}
