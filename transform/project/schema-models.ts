/** Models and seeds in schema files. */
import type { Config, Properties } from './project-properties.ts'
import { readColumns, readConstraints } from './schema-columns.ts'
import { nodeConfigKeys, readEntry, type SchemaPlace } from './schema-entry.ts'
import { readAllTests } from './schema-tests.ts'
import { readVersions } from './schema-versions.ts'
import type { YamlNode } from './yaml-node.ts'

const modelKeys = [
  'name',
  'description',
  'config',
  'columns',
  'tests',
  'data_tests',
  'docs',
  'meta',
  'group',
  'access',
  'contract',
  'versions',
  'latest_version',
  'deprecation_date',
  'constraints',
  'time_spine',
  'quote_columns',
  'semantic_model',
  'primary_entity',
  'agg_time_dimension',
  'metrics',
  'derived_semantics',
]

/** The entry of a model or a seed; none without a name. */
export function readProperties(
  node: YamlNode,
  kind: Properties['kind'],
  place: SchemaPlace,
): Properties[] {
  return readEntry(node, place, modelKeys, nodeConfigKeys).map((entry) => {
    const shared = {
      ...entry,
      kind,
      columns: readColumns(node),
      tests: readAllTests(node),
      constraints: readConstraints(node),
      deprecationDate: node.optionalText('deprecation_date'),
      quoteColumns: node.optionalFlag('quote_columns'),
      timeSpine: readTimeSpine(node),
    }
    return { ...shared, ...readVersions(node, shared) }
  })
}

function readTimeSpine(node: YamlNode): Config | undefined {
  const spine = node.child('time_spine')
  if (!node.has('time_spine')) return undefined
  const column = spine.optionalText('standard_granularity_column')
  if (column === undefined) spine.wrong('needs standard_granularity_column')
  return {
    standard_granularity_column: column ?? '',
    custom_granularities: spine.items('custom_granularities').map((item) => ({
      name: item.text('name', ''),
      column_name: item.optionalText('column_name') ?? null,
    })),
  }
}
