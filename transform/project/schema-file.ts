/** Reads a schema file: what a `.yml` beside the models says about models, seeds and sources. */
import type { Column, Config, Properties, SourceTable, TestDeclaration } from './project.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

export type SchemaFile = {
  readonly properties: readonly Properties[]
  readonly sources: readonly SourceTable[]
}

const topKeys = [
  'version',
  'models',
  'seeds',
  'sources',
  'snapshots',
  'macros',
  'exposures',
  'metrics',
  'groups',
  'unit_tests',
  'data_tests',
  'tests',
  'semantic_models',
  'saved_queries',
  'analyses',
  'functions',
  'anchors',
]
const nodeKeys = [
  'name',
  'description',
  'config',
  'columns',
  'tests',
  'data_tests',
  'docs',
  'meta',
  'tags',
  'group',
  'access',
  'versions',
  'latest_version',
  'deprecation_date',
  'constraints',
  'time_spine',
  'quote_columns',
]
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
const sourceKeys = [
  'name',
  'description',
  'database',
  'schema',
  'loader',
  'tables',
  'config',
  'meta',
  'tags',
  'quoting',
  'freshness',
  'loaded_at_field',
  'loaded_at_query',
  'overrides',
]
const tableKeys = [
  'name',
  'description',
  'identifier',
  'columns',
  'tests',
  'data_tests',
  'config',
  'meta',
  'tags',
  'quoting',
  'freshness',
  'loaded_at_field',
  'loaded_at_query',
  'loader',
  'external',
]

/**
 * @param project the package that the file belongs to
 * @param folders between the model folder and the file
 */
export function readSchemaFile(
  node: YamlNode,
  project: string,
  folders: readonly string[],
): SchemaFile {
  node.warnUnknown(topKeys)
  return {
    properties: [
      ...node.items('models').flatMap((item) => readProperties(item, 'model', project)),
      ...node.items('seeds').flatMap((item) => readProperties(item, 'seed', project)),
    ],
    sources: node.items('sources').flatMap((item) => readSource(item, project, folders)),
  }
}

function readProperties(node: YamlNode, kind: Properties['kind'], project: string): Properties[] {
  const name = readName(node)
  if (name === undefined) return []
  node.warnUnknown(nodeKeys)
  return [
    {
      package: project,
      kind,
      name,
      description: node.text('description', ''),
      config: readConfig(node),
      columns: readColumns(node),
      tests: readAllTests(node),
      at: node.at,
    },
  ]
}

function readSource(node: YamlNode, project: string, folders: readonly string[]): SourceTable[] {
  const source = readName(node)
  if (source === undefined) return []
  node.warnUnknown(sourceKeys)
  return node.items('tables').flatMap((table) => {
    const name = readName(table)
    if (name === undefined) return []
    table.warnUnknown(tableKeys)
    return [
      {
        source,
        name,
        package: project,
        database: node.optionalText('database'),
        schema: node.text('schema', source),
        identifier: table.text('identifier', name),
        description: table.text('description', ''),
        config: { ...readConfig(node), ...readConfig(table) },
        columns: readColumns(table),
        tests: readAllTests(table),
        file: node.file,
        folders,
        at: table.at,
      },
    ]
  })
}

function readName(node: YamlNode): string | undefined {
  const name = node.optionalText('name')
  if (name === undefined) node.wrong('needs a name')
  return name
}

/** `config:`, and `tags`, `meta` and `access` said beside it. */
function readConfig(node: YamlNode): Config {
  const config: Record<string, unknown> = { ...node.object('config') }
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

function readColumns(node: YamlNode): Column[] {
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

function readAllTests(node: YamlNode): TestDeclaration[] {
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
    else if (!['name', 'description', 'test_name', 'column_name'].includes(key)) args[key] = value
  }
  const name = body.optionalText('name')
  const on = body.optionalText('column_name') ?? column
  return [{ test, name, column: on, arguments: args, config, at: node.at }]
}
