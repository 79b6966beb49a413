/** Groups, and exposures with what they depend on. */
import type { Exposure, Group, Reference } from './project-others.ts'
import { readEntry, type SchemaPlace } from './schema-entry.ts'
import type { YamlNode } from './yaml-node.ts'

/** A group needs an owner who can be asked. */
export function readGroup(node: YamlNode, place: SchemaPlace): Group[] {
  const known = ['name', 'owner', 'config', 'description', 'meta']
  return readEntry(node, place, known, ['meta']).map((entry) => ({
    ...entry,
    unrendered: node.object('config'),
    owner: readOwner(node),
  }))
}

function readOwner(node: YamlNode) {
  const owner = node.child('owner')
  const hasName = owner.has('name') || owner.has('email')
  if (!hasName) node.wrong('needs an owner with a name or an email')
  return node.object('owner')
}

const exposureKeys = [
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
]
const types = ['dashboard', 'notebook', 'analysis', 'ml', 'application']
const maturities = ['low', 'medium', 'high']

export function readExposure(node: YamlNode, place: SchemaPlace): Exposure[] {
  return readEntry(node, place, exposureKeys, ['tags', 'meta']).map((entry) => {
    if (!/^[\w-]+$/.test(entry.name)) node.child('name').deprecated('ExposureNameDeprecation')
    return {
      ...entry,
      unrendered: node.object('config'),
      type: readOneOf(node, 'type', types) ?? '',
      owner: readOwner(node),
      label: node.optionalText('label'),
      maturity: node.has('maturity') ? readOneOf(node, 'maturity', maturities) : undefined,
      url: node.optionalText('url'),
      dependsOn: node.items('depends_on').map(({ value }) => String(value)),
    }
  })
}

function readOneOf(node: YamlNode, key: string, known: readonly string[]): string | undefined {
  const said = node.optionalText(key)
  const isKnown = said !== undefined && (known.includes(said) || said.includes('{{'))
  if (!isKnown) node.child(key).wrong(`must be one of ${known.join(', ')}`)
  return said
}

/** What an exposure depends on, to be looked up: each call at its place. */
export function referencesOfExposure(node: YamlNode, { name, package: owner }: Exposure) {
  return node.items('depends_on').map(
    (item): Reference => ({
      kind: 'exposure',
      name,
      package: owner,
      call: String(item.value),
      at: item.at,
    }),
  )
}
