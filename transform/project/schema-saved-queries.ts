/** Saved queries and what they are exported to. */
import { readFilter, readOptionalWord } from './metric-params.ts'
import type { SavedQuery, SavedQueryExport } from './project-semantic.ts'
import { readEntry, readName, type SchemaPlace } from './schema-entry.ts'
import type { YamlNode } from './yaml-node.ts'

const keys = ['name', 'query_params', 'description', 'label', 'exports', 'config', 'tags', 'meta']

export function readSavedQuery(node: YamlNode, place: SchemaPlace): SavedQuery[] {
  return readEntry(node, place, keys, []).map((entry) => {
    const params = node.child('query_params')
    if (!node.has('query_params')) node.wrong('needs query_params')
    params.warnUnknown(['metrics', 'group_by', 'where', 'order_by', 'limit'])
    return {
      ...entry,
      unrendered: entry.config,
      label: node.optionalText('label'),
      queryParams: {
        metrics: params.texts('metrics') ?? [],
        group_by: params.texts('group_by') ?? [],
        where: readFilter(params, 'where'),
        order_by: params.texts('order_by') ?? [],
        limit: params.get('limit') ?? null,
      },
      exports: node.items('exports').flatMap((item) => readExport(item, node.child('config'))),
      tags: node.texts('tags') ?? [],
    }
  })
}

/** What the export does not say is taken from the config of the query. */
function readExport(node: YamlNode, shared: YamlNode): SavedQueryExport[] {
  const name = readName(node)
  if (name === undefined) return []
  const own = node.child('config')
  own.warnUnknown(['export_as', 'schema', 'schema_name', 'alias', 'database'])
  const said = (key: string) => own.optionalText(key) ?? shared.optionalText(key) ?? null
  const from = own.has('export_as') ? own : shared
  const exportAs = readOptionalWord(from, 'export_as', ['table', 'view', 'cache'])
  if (!from.has('export_as')) own.wrong('needs export_as: table or view')
  return [
    {
      name,
      config: {
        export_as: exportAs,
        schema_name: said('schema_name') ?? said('schema'),
        alias: own.optionalText('alias') ?? null,
        database: own.optionalText('database') ?? null,
      },
      unrendered_config: node.object('config'),
    },
  ]
}
