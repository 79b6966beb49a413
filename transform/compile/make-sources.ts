/** Source tables of schema files → nodes, with what project files say of them. */
import type { Config, SourceTable } from '../project/project.ts'
import { type Compilation, collecting, configWithoutHeader, writtenConfig } from './drafts.ts'
import { externalText } from './external-source.ts'
import type { SourceNode } from './graph.ts'
import { sourceId } from './index-names.ts'
import { described } from './make-nodes.ts'

export type SourceDraft = {
  readonly node: SourceNode
  readonly table: SourceTable
  readonly isEnabled: boolean
}

export function makeSource(compilation: Compilation, table: SourceTable): SourceDraft {
  const { project, inputs } = compilation
  const fqn = [table.package, ...table.folders, table.source, table.name]
  const { tags } = table.config
  const merged = configWithoutHeader(project, 'sources', fqn, table.config)
  // As in dbt, tags of the schema file take the place of those of project files.
  const config = tags === undefined ? merged : { ...merged, tags }
  const named = {
    id: sourceId(table.package, table.source, table.name),
    name: table.name,
    package: table.package,
    file: table.file,
    path: table.file,
    fqn,
  }
  const base = described({ compilation }, named, config, table)
  const relation = {
    catalog: table.database ?? inputs.target.database,
    schema: table.schema,
    name: table.identifier,
  }
  const external = { ...base, relation, at: table.at }
  const node: SourceNode = {
    ...base,
    path: base.originalFile,
    kind: 'source',
    source: table.source,
    columns: table.columns,
    relation,
    properties: {
      ...propertiesOf(table),
      external_name: collecting(compilation, () => externalText(external)) ?? null,
    },
    unrenderedConfig: writtenConfig(compilation, 'sources', fqn, { unrendered: table.config }, {}),
  }
  return { node, table, isEnabled: config['enabled'] !== false }
}

/** Under dbt's own keys. */
function propertiesOf(table: SourceTable): Config {
  return {
    source_description: table.sourceDescription,
    source_meta: table.sourceMeta,
    loader: table.loader,
    quoting: table.quoting,
    freshness: table.freshness,
    loaded_at_field: table.loadedAtField ?? null,
    loaded_at_query: table.loadedAtQuery ?? null,
    external: table.external ?? null,
    unrendered_database: table.unrenderedDatabase ?? null,
    unrendered_schema: table.unrenderedSchema ?? null,
  }
}
