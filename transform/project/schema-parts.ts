/** Parts that the entries of schema files share: name, config, columns, data tests. */
import type { Column, Config, TestDeclaration } from './project.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const columnKeys = [
  'name',
  'description',
  'data_type',
  'tests',
  'data_tests',
  'meta',
  'tags',
  'quote',
  'constraints',
  'config',
  'docs',
  'policy_tags',
  'granularity',
  'entity',
  'dimension',
]

/** The `name:` that every entry needs. */
export function readName(node: YamlNode): string | undefined {
  const name = node.optionalText('name')
  if (name === undefined) node.wrong('needs a name')
  return name
}

/** `config:`, and `tags`, `meta` and `access` said beside it. */
export function readConfig(node: YamlNode): Config {
  const config: Record<string, unknown> = { ...node.object('config') }
  const moved = ['tags', 'meta', 'docs', 'group', 'access'].find((key) => node.has(key))
  if (moved !== undefined) node.child(moved).deprecated('PropertyMovedToConfigDeprecation')
  if (node.has('tags')) {
    config['tags'] = [...(node.texts('tags') ?? []), ...(node.child('config').texts('tags') ?? [])]
  }
  if (node.has('meta'))
    config['meta'] = { ...node.object('meta'), ...node.child('config').object('meta') }
  for (const key of ['docs', 'group', 'access']) {
    if (node.has(key) && config[key] === undefined) config[key] = node.child(key).value
  }
  return config
}

/** `columns:`, without their tests. */
export function readColumns(node: YamlNode): Column[] {
  return node.items('columns').flatMap((column) => {
    const name = readName(column)
    if (name === undefined) return []
    column.warnUnknown(columnKeys)
    return [
      {
        name,
        description: column.text('description', ''),
        dataType: column.optionalText('data_type'),
        meta: { ...column.object('meta'), ...column.child('config').object('meta') },
      },
    ]
  })
}

/** Data tests of the entry itself and of its columns. */
export function readAllTests(node: YamlNode): TestDeclaration[] {
  const own = readTests(node, undefined)
  const ofColumns = node
    .items('columns')
    .flatMap((column) => readTests(column, column.optionalText('name')))
  return [...own, ...ofColumns]
}

function readTests(node: YamlNode, column: string | undefined): TestDeclaration[] {
  const items = [...node.items('data_tests'), ...node.items('tests')]
  return items.flatMap((item) => readTest(item, column))
}

/** Keys of a test that are settings rather than arguments, wherever they stand. */
const testConfigKeys = [
  'severity',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'enabled',
  'tags',
  'meta',
]

/** `unique`, `{unique: {…}}` or `{test_name: unique, …}`. */
function readTest(node: YamlNode, column: string | undefined): TestDeclaration[] {
  if (typeof node.value === 'string') {
    const test = node.value
    return [{ test, name: undefined, column, arguments: {}, config: {}, at: node.at }]
  }
  if (!isObject(node.value)) {
    node.wrong('must be the name of a data test, or a name with its arguments')
    return []
  }
  const isFlat = typeof node.value['test_name'] === 'string'
  const [first] = Object.keys(node.value)
  const test = isFlat ? String(node.value['test_name']) : first
  if (test === undefined) return []
  const body = isFlat ? node : node.child(test)
  const args: Record<string, unknown> = {}
  const config: Record<string, unknown> = {}
  for (const key of body.keys()) {
    const { value } = body.child(key)
    if (testConfigKeys.includes(key)) config[key] = value
    else if (key === 'config') Object.assign(config, body.object('config'))
    else if (key === 'arguments') Object.assign(args, body.object('arguments'))
    else if (!['name', 'description', 'test_name', 'column_name'].includes(key)) {
      args[key] = value
      body.child(key).deprecated('MissingArgumentsPropertyInGenericTestDeprecation')
    }
  }
  const name = body.optionalText('name')
  const on = body.optionalText('column_name') ?? column
  return [{ test, name, column: on, arguments: args, config, at: node.at }]
}
