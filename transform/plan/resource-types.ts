/** Which kinds of nodes a command works on. */
import type { SelectableNode } from '../compile/graph.ts'
import type { NodeFilter } from './select-nodes.ts'

type Kind = SelectableNode['kind']

export type SelectingCommand =
  | 'run'
  | 'test'
  | 'seed'
  | 'snapshot'
  | 'build'
  | 'clone'
  | 'compile'
  | 'ls'

const listed: readonly Kind[] = [
  ...(['model', 'snapshot', 'seed', 'test', 'source', 'exposure', 'metric'] as const),
  ...(['saved_query', 'semantic_model', 'unit_test', 'function'] as const),
]

const usual: Readonly<Record<SelectingCommand, readonly Kind[]>> = {
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  build: ['model', 'snapshot', 'seed', 'test', 'unit_test', 'saved_query', 'exposure', 'function'],
  clone: ['model', 'snapshot', 'seed'],
  compile: ['model', 'test', 'snapshot', 'analysis', 'operation', 'seed', 'function'],
  ls: listed,
}

/** Names that `--resource-type` and `--exclude-resource-type` take. */
export const resourceTypes: readonly string[] = [...listed, 'analysis', 'all', 'default']

export type ResourceTypes = {
  readonly resourceType?: readonly string[] | undefined
  readonly excludeResourceType?: readonly string[] | undefined
}

/** What a command works on: its kinds, narrowed by the two options; a file without code only in lists. */
export function commandFilter(command: SelectingCommand, types: ResourceTypes = {}): NodeFilter {
  const wanted = wantedKinds(command, types)
  return (node) => wanted.has(node.kind) && (command === 'ls' || !isEmpty(node))
}

function wantedKinds(command: SelectingCommand, types: ResourceTypes): Set<string> {
  const { resourceType = [], excludeResourceType = [] } = types
  const byDefault: readonly string[] = usual[command]
  const all: readonly string[] = command === 'ls' ? [...listed, 'analysis'] : byDefault
  const named = resourceType.flatMap((name): readonly string[] => {
    if (name === 'all') return all
    return name === 'default' ? byDefault : [name]
  })
  const wanted = new Set<string>(resourceType.length === 0 ? byDefault : named)
  for (const name of excludeResourceType) wanted.delete(name)
  return wanted
}

function isEmpty(node: SelectableNode): boolean {
  return 'rawCode' in node && node.kind !== 'seed' && node.rawCode.trim() === ''
}
