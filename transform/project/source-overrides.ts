/** `overrides:`: what a project says anew about a source of one of its packages. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { SourceTable } from './project-sources.ts'
import type { Report } from './report.ts'
import type { SchemaPlace } from './schema-entry.ts'
import { readSource } from './schema-sources.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

/** An entry of `sources:` and whose file it stands in. */
export type SourceEntry = { readonly node: YamlNode; readonly place: SchemaPlace }

/** The tables, those of overridden sources read again with the new words in place of the old. */
export function overrideSources(
  tables: readonly SourceTable[],
  entries: readonly SourceEntry[],
  report: Report,
): readonly SourceTable[] {
  return entries
    .filter(({ node }) => node.has('overrides'))
    .reduce((known, { node }) => overrideOne(known, entries, node, report), tables)
}

function overrideOne(
  tables: readonly SourceTable[],
  entries: readonly SourceEntry[],
  patch: YamlNode,
  report: Report,
): readonly SourceTable[] {
  const owner = patch.text('overrides', '')
  const name = patch.text('name', '')
  const found = entries.filter(
    ({ node, place }) =>
      place.package === owner && node.get('name') === name && !node.has('overrides'),
  )
  if (found.length === 0) {
    const known = entries.map(({ node }) => node.text('name', ''))
    const parameters = { kind: 'source', name: `${owner}.${name}`, nearest: nearest(name, known) }
    report.warnings.push(problem('model/unknown-subject', parameters, { at: patch.at }))
    return tables
  }
  const others = tables.filter((table) => table.package !== owner || table.source !== name)
  const anew = found.flatMap(({ node, place }) =>
    readSource(node.withValue(merged(node.value, patch.value)), place),
  )
  return [...others, ...anew]
}

/** Keys of the patch replace those of the source, and in the same way table by table. */
function merged(source: unknown, patch: unknown): unknown {
  if (!isObject(source) || !isObject(patch)) return source
  const { tables, ...own } = patch
  const patches = Array.isArray(tables) ? tables.filter(isObject) : []
  const patched = (Array.isArray(source['tables']) ? source['tables'] : []).map((table: unknown) =>
    isObject(table) ? { ...table, ...patches.find(({ name }) => name === table['name']) } : table,
  )
  return { ...source, ...own, tables: patched, overrides: undefined }
}
