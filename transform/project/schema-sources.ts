/** Sources and their tables. */
import type { SourceTable } from './project-sources.ts'
import { readColumns } from './schema-columns.ts'
import { readConfig, readMeta, readName, type SchemaPlace } from './schema-entry.ts'
import { readAllTests } from './schema-tests.ts'
import type { YamlNode } from './yaml-node.ts'

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
const moved = ['tags', 'meta']

/** The tables of one source, with what they take from it. */
export function readSource(node: YamlNode, place: SchemaPlace): SourceTable[] {
  const source = readName(node)
  if (source === undefined) return []
  node.warnUnknown(sourceKeys)
  const own = readConfig(node, moved)
  return node.items('tables').flatMap((table) => {
    const name = readName(table)
    if (name === undefined) return []
    table.warnUnknown(tableKeys)
    return [
      {
        ...place,
        source,
        name,
        file: node.file,
        database: node.optionalText('database'),
        schema: node.text('schema', source),
        identifier: table.text('identifier', name),
        description: table.text('description', ''),
        config: { ...own, ...readConfig(table, moved) },
        unrendered: { ...node.object('config'), ...table.object('config') },
        columns: readColumns(table),
        tests: readAllTests(table),
        sourceDescription: node.text('description', ''),
        sourceMeta: readMeta(node),
        loader: node.text('loader', ''),
        quoting: { ...node.object('quoting'), ...table.object('quoting') },
        freshness: undefined,
        loadedAtField: undefined,
        loadedAtQuery: undefined,
        external: undefined,
        unrenderedDatabase: node.optionalText('database'),
        unrenderedSchema: node.optionalText('schema'),
        patchFile: undefined,
        at: table.at,
      },
    ]
  })
}
