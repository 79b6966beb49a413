/** Snapshots, analyses and singular tests in schema files. */
import type {
  AnalysisProperties,
  SingularTestProperties,
  SnapshotProperties,
} from './project-properties.ts'
import { readColumns } from './schema-columns.ts'
import { nodeConfigKeys, readEntry, type SchemaPlace } from './schema-entry.ts'
import { readAllTests } from './schema-tests.ts'
import type { YamlNode } from './yaml-node.ts'

const nodeKeys = ['name', 'description', 'config', 'docs', 'meta', 'group', 'access']
const snapshotKeys = [...nodeKeys, 'columns', 'tests', 'data_tests', 'relation', 'quote_columns']

/** What is said of a snapshot; `relation:` makes the entry the snapshot itself. */
export function readSnapshot(node: YamlNode, place: SchemaPlace): SnapshotProperties[] {
  return readEntry(node, place, snapshotKeys, nodeConfigKeys).map((entry) => {
    const relation = node.optionalText('relation')
    if (relation !== undefined && !/^\s*(?:ref|source)\s*\(.*\)\s*$/s.test(relation)) {
      node.child('relation').wrong("must be ref('…') or source('…', '…')")
    }
    const { fileText } = node
    return { ...entry, columns: readColumns(node), tests: readAllTests(node), relation, fileText }
  })
}

export function readAnalysis(node: YamlNode, place: SchemaPlace): AnalysisProperties[] {
  const entries = readEntry(node, place, [...nodeKeys, 'columns'], nodeConfigKeys)
  return entries.map((entry) => ({ ...entry, columns: readColumns(node) }))
}

/** A singular test is described by the name of its file. */
export function readSingularTest(node: YamlNode, place: SchemaPlace): SingularTestProperties[] {
  const entries = readEntry(node, place, nodeKeys, nodeConfigKeys)
  return entries.map((entry) => ({ ...entry, unrendered: entry.config }))
}
