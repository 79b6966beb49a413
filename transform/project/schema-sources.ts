/** Sources and their tables, with what the tables take from their source. */
import type { Config } from './project-properties.ts'
import type { SourceTable } from './project-sources.ts'
import { readColumns } from './schema-columns.ts'
import { readMeta, readName, readTags, type SchemaPlace } from './schema-entry.ts'
import { readAllTests } from './schema-tests.ts'
import { readFreshness } from './source-freshness.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const sharedKeys = [
  'name',
  'description',
  'config',
  'meta',
  'tags',
  'quoting',
  'freshness',
  'loaded_at_field',
  'loaded_at_query',
  'loader',
]
const sourceKeys = [...sharedKeys, 'database', 'schema', 'tables', 'overrides', 'catalog']
const tableKeys = [
  ...sharedKeys,
  'identifier',
  'columns',
  'tests',
  'data_tests',
  'external',
  'docs',
  'data_type',
]

/** The tables of one source. */
export function readSource(node: YamlNode, place: SchemaPlace): SourceTable[] {
  const source = readName(node)
  if (source === undefined) return []
  node.warnUnknown(sourceKeys)
  return node.items('tables').flatMap((table) => {
    const name = readName(table)
    if (name === undefined) return []
    table.warnUnknown(tableKeys)
    return [readTable(node, source, table, name, place)]
  })
}

function readTable(
  node: YamlNode,
  source: string,
  table: YamlNode,
  name: string,
  place: SchemaPlace,
): SourceTable {
  const freshness = readFreshness(node, table)
  const { loadedAtField, loadedAtQuery } = readLoadedAt(node, table)
  const config: Config = {
    ...node.object('config'),
    ...table.object('config'),
    ...(freshness === undefined ? {} : { freshness }),
    // Said for every table, and so what the project file says of them never counts.
    loaded_at_field: loadedAtField ?? null,
    loaded_at_query: loadedAtQuery ?? null,
    meta: { ...readMeta(node), ...readMeta(table) },
    tags: [...new Set([...readTags(node), ...readTags(table)])].sort(),
  }
  return {
    ...place,
    source,
    name,
    file: node.file,
    database: node.optionalText('database') ?? node.optionalText('catalog'),
    schema: node.text('schema', source),
    identifier: table.text('identifier', name),
    description: table.text('description', ''),
    config,
    unrendered: config,
    columns: readColumns(table),
    tests: readAllTests(table),
    testTags: [...(node.texts('tags') ?? []), ...(table.texts('tags') ?? [])],
    sourceDescription: node.text('description', ''),
    sourceMeta: readMeta(node),
    loader: node.text('loader', ''),
    quoting: { ...node.object('quoting'), ...table.object('quoting') },
    freshness,
    loadedAtField,
    loadedAtQuery,
    external: readExternal(table),
    unrenderedDatabase: node.optionalText('database'),
    unrenderedSchema: node.optionalText('schema'),
    at: table.at,
  }
}

/** In the manifest's shape: dbt's keys present, those of the user's own kept. */
function readExternal(table: YamlNode): Config | undefined {
  if (!table.has('external')) return undefined
  const external = table.object('external')
  const partitions = table.child('external').items('partitions')
  return {
    location: null,
    file_format: null,
    row_format: null,
    tbl_properties: null,
    ...external,
    partitions:
      'partitions' in external ? partitions.map(({ value }) => withDefaults(value)) : null,
  }
}

function withDefaults(partition: unknown): unknown {
  return isObject(partition) ? { description: '', meta: {}, ...partition } : partition
}

/** Field or query that tells the age, the table's before the source's; null at the table takes the source's away. */
function readLoadedAt(source: YamlNode, table: YamlNode) {
  for (const [node, level] of [
    [source, 'source'],
    [table, 'table'],
  ] as const) {
    if (said(node, 'loaded_at_field') === undefined || said(node, 'loaded_at_query') === undefined)
      continue
    node.wrong(`says both loaded_at_field and loaded_at_query for the ${level}`)
  }
  const isFieldOfTable =
    table.get('loaded_at_field') !== undefined ||
    said(table.child('config'), 'loaded_at_field') !== undefined
  const ownQuery = said(table, 'loaded_at_query')
  return {
    loadedAtField: isFieldOfTable
      ? said(table, 'loaded_at_field')
      : said(source, 'loaded_at_field'),
    loadedAtQuery: ownQuery ?? (isFieldOfTable ? undefined : said(source, 'loaded_at_query')),
  }
}

function said(node: YamlNode, key: string): string | undefined {
  const beside = node.optionalText(key)
  if (beside === '') node.child(key).wrong('must not be empty')
  return (
    beside ?? (isObject(node.get('config')) ? node.child('config').optionalText(key) : undefined)
  )
}
