/** Entries that build nothing themselves: groups, and exposures and unit tests for what they refer to. */
import type { Group, Reference } from './project-others.ts'
import { readEntry, readName, type SchemaPlace } from './schema-entry.ts'
import type { YamlNode } from './yaml-node.ts'

export function readGroup(node: YamlNode, place: SchemaPlace): Group[] {
  if (!node.has('owner')) node.wrong('needs an owner with a name or an email')
  const known = ['name', 'owner', 'config', 'description', 'meta']
  return readEntry(node, place, known, ['meta']).map((entry) => ({
    ...entry,
    owner: node.object('owner'),
  }))
}

const keys = {
  exposure: [
    'name',
    'label',
    'type',
    'owner',
    'depends_on',
    'description',
    'maturity',
    'url',
    'config',
    'tags',
    'meta',
    'enabled',
  ],
  'unit test': [
    'name',
    'model',
    'given',
    'expect',
    'description',
    'overrides',
    'config',
    'versions',
    'tags',
    'meta',
    'enabled',
  ],
} as const

const exposureTypes = ['dashboard', 'notebook', 'analysis', 'ml', 'application']

/** What an exposure depends on, or a unit test gives rows for. */
export function readReferences(
  node: YamlNode,
  project: string,
  kind: Reference['kind'],
): Reference[] {
  const name = readName(node)
  node.warnUnknown(keys[kind])
  if (name === undefined) return []
  const calls: Reference[] = []
  const add = (item: YamlNode, text: string) => {
    calls.push({ kind, name, package: project, call: text, at: item.at })
  }
  if (kind === 'exposure') {
    const type = node.optionalText('type')
    if (type === undefined || !exposureTypes.includes(type)) {
      node.child('type').wrong(`must be one of ${exposureTypes.join(', ')}`)
    }
    for (const item of node.items('depends_on')) add(item, String(item.value))
    return calls
  }
  const model = node.optionalText('model')
  if (model === undefined) node.wrong('needs a model')
  else add(node.child('model'), `ref('${model}')`)
  if (!node.has('expect')) node.wrong('needs expect: the rows that the model must give')
  for (const item of node.items('given')) {
    const input = item.optionalText('input')
    if (input === undefined) item.wrong('needs an input, such as ref(…) or source(…)')
    else if (input !== 'this') add(item.child('input'), input)
  }
  return calls
}
