/** Reads a schema file: what a `.yml` beside the models says about models, seeds and sources. */
import type { Group, Properties, Reference, SourceTable } from './project.ts'
import { readGroup, readReferences } from './schema-others.ts'
import { readAllTests, readColumns, readConfig, readName } from './schema-parts.ts'
import { readVersions } from './schema-versions.ts'
import type { YamlNode } from './yaml-node.ts'

export type SchemaFile = {
  readonly groups: readonly Group[]
  readonly references: readonly Reference[]
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
    groups: node.items('groups').flatMap((item) => readGroup(item, project)),
    references: [
      ...node.items('exposures').flatMap((item) => readReferences(item, project, 'exposure')),
      ...node.items('unit_tests').flatMap((item) => readReferences(item, project, 'unit test')),
    ],
    sources: node.items('sources').flatMap((item) => readSource(item, project, folders)),
  }
}

function readProperties(node: YamlNode, kind: Properties['kind'], project: string): Properties[] {
  const name = readName(node)
  if (name === undefined) return []
  node.warnUnknown(nodeKeys)
  const plain = {
    package: project,
    kind,
    name,
    description: node.text('description', ''),
    config: readConfig(node),
    columns: readColumns(node),
    tests: readAllTests(node),
    at: node.at,
  }
  return [{ ...plain, ...readVersions(node, plain) }]
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
