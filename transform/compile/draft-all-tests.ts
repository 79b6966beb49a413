/** The generic tests of everything that can be tested: models, seeds, snapshots, sources. */
import type { SnapshotProperties } from '../project/project-properties.ts'
import type { Drafts } from './draft-all.ts'
import { propertiesKey } from './draft-sources.ts'
import { draftGenericTests, type GenericDraft, type Subject } from './draft-tests.ts'
import type { Compilation, SqlDraft } from './drafts.ts'
import type { makeSeed } from './make-nodes.ts'
import type { SourceDraft } from './make-sources.ts'

export function draftTestsOfAll(
  compilation: Compilation,
  { models, snapshots }: Drafts,
  seeds: readonly ReturnType<typeof makeSeed>[],
  sources: readonly SourceDraft[],
): GenericDraft[] {
  const { project } = compilation
  const ofModels = models.flatMap((draft) => {
    const { entry, version } = draft
    // As in dbt, a switched off model takes its tests along.
    if (entry === undefined || entry.tests.length === 0 || !draft.isEnabled) return []
    const name = version === undefined ? draft.name : `${draft.name}_v${version}`
    const call =
      version === undefined ? `ref('${draft.name}')` : `ref('${draft.name}', version='${version}')`
    return draftGenericTests(compilation, subjectOf(draft, name, call, entry), entry.tests)
  })
  const ofSeeds = seeds.flatMap((seed) => {
    const entry = compilation.properties.get(propertiesKey('seed', seed))
    if (entry === undefined || !seed.isEnabled) return []
    const subject = subjectOf(seed, seed.name, `ref('${seed.name}')`, entry)
    return draftGenericTests(compilation, subject, entry.tests)
  })
  const ofSnapshots = snapshots.flatMap((draft) => {
    const entry = project.snapshotProperties.find((each) => isOf(each, draft))
    if (entry === undefined || !draft.isEnabled) return []
    const subject = subjectOf(draft, draft.name, `ref('${draft.name}')`, entry)
    return draftGenericTests(compilation, subject, entry.tests)
  })
  const ofSources = sources.flatMap(({ node, table, isEnabled }) => {
    const subject: Subject = {
      reference: { source: table.source, table: table.name },
      id: node.id,
      name: `${table.source}_${table.name}`,
      call: `source('${table.source}', '${table.name}')`,
      isSource: true,
      isEnabled,
      package: table.package,
      columns: table.columns,
      quotesColumns: table.quoting['column'] === true,
      tags: table.testTags,
      group: undefined,
    }
    return draftGenericTests(compilation, subject, table.tests)
  })
  return [...ofModels, ...ofSeeds, ...ofSnapshots, ...ofSources]
}

function isOf(entry: SnapshotProperties, { package: owner, name }: SqlDraft): boolean {
  return entry.package === owner && entry.name === name
}

function subjectOf(
  node: Pick<SqlDraft, 'id' | 'name' | 'isEnabled' | 'config'> & {
    readonly version?: string | undefined
  },
  name: string,
  call: string,
  { columns, package: owner, ...rest }: Pick<SnapshotProperties, 'columns' | 'package'>,
): Subject {
  const quotesColumns = 'quoteColumns' in rest && rest.quoteColumns === true
  const { group } = node.config
  const version = 'version' in node ? node.version : undefined
  return {
    id: node.id,
    name,
    reference: { parts: [node.name], version },
    call,
    isSource: false,
    isEnabled: node.isEnabled,
    package: owner,
    columns,
    quotesColumns,
    tags: [],
    group: typeof group === 'string' ? group : undefined,
  }
}
