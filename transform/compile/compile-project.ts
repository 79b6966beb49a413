/**
 * Project → graph. Pure: everything it needs comes as arguments. Problems are collected, all of them, with file,
 * line and column; the graph then holds what could be parsed. SQL is rendered by the renderer, when it is wanted.
 */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Config, Project } from '../project/project.ts'
import type { SnapshotProperties } from '../project/project-properties.ts'
import { findCycles, findMisuse, findSharedRelations } from './check-graph.ts'
import { findBrokenReferences, findForbiddenRefs } from './check-references.ts'
import { pythonDrafts } from './draft-python.ts'
import {
  analysisSources,
  functionSources,
  hookSources,
  modelSources,
  propertiesKey,
  singularTestSources,
  snapshotSources,
} from './draft-sources.ts'
import { draftGenericTests, type GenericDraft, type Subject } from './draft-tests.ts'
import { type Compilation, type DraftSource, draftSql, type SqlDraft } from './drafts.ts'
import type { Graph, GraphNode, Relation, SelectableNode } from './graph.ts'
import { NameIndex } from './index-names.ts'
import type { CompileInputs } from './inputs.ts'
import { compileMacros, readSearchOrders } from './macros.ts'
import { makeDescribed, makeUnitTests } from './make-described.ts'
import {
  makeAnalysis,
  makeFunction,
  makeGenericTest,
  makeModel,
  makeOperation,
  makeSeed,
  makeSingularTest,
  makeSnapshot,
  type NodeContext,
} from './make-nodes.ts'
import { lazyMacros, makeDocs, makeGroups } from './make-others.ts'
import { makeSource, type SourceDraft } from './make-sources.ts'
import { nameRelation } from './name-relations.ts'
import { Renderer } from './render.ts'
import { renderYamlValues } from './render-yaml.ts'
import { variablesOf } from './variables.ts'
import { findVersions } from './versions.ts'

export type Compiled = {
  readonly graph: Graph
  /** Renders nodes, knowing the database. */
  readonly renderer: Renderer
}

/**
 * Parses a project: every resource with its config and what it depends on; nothing is rendered to SQL yet.
 * @returns the graph, whose `problems` must be empty before it is run, and the renderer that makes its SQL
 */
export async function compileProject(read: Project, inputs: CompileInputs): Promise<Compiled> {
  const project = renderYamlValues(read, inputs)
  const compilation = openCompilation(project, read, inputs)
  const drafts = draftAll(compilation)
  const sources = project.sources.map((table) => makeSource(compilation, table))
  const seeds = project.seeds.map((file) => makeSeed(compilation, file))
  warnOrphanProperties(compilation)

  const referable = [...drafts.models, ...drafts.snapshots, ...seeds]
  const index = new NameIndex(project.settings.name, {
    referable: referable.filter(({ isEnabled }) => isEnabled),
    disabled: referable.filter(({ isEnabled }) => !isEnabled),
    sources: sources.filter(({ isEnabled }) => isEnabled).map(({ table }) => table),
    functions: drafts.functions.filter(({ isEnabled }) => isEnabled),
    metrics: project.metrics.map(({ name, package: owner }) => {
      return { name, package: owner, id: `metric.${owner}.${name}` }
    }),
  })
  const context: NodeContext = { compilation, index }
  const generic = draftTestsOfAll(compilation, drafts, seeds, sources)
  const made = new Made()
  const relations = new Map<string, Relation>()
  const relationOf = (draft: SqlDraft, config: Config = draft.config) => {
    const relation = nameRelation(compilation, draft, config)
    relations.set(draft.id, relation)
    return relation
  }
  for (const { isEnabled, ...seed } of seeds) {
    if (isEnabled) relations.set(seed.id, seed.relation)
    made.add(seed, isEnabled)
  }
  for (const { node } of sources) relations.set(node.id, node.relation)
  const models: [SqlDraft, Relation][] = []
  for (const draft of drafts.models) {
    models.push([draft, relationOf(draft)])
  }
  // A constraint names the relation of another model, so all of them have to be known.
  for (const [draft, relation] of models) {
    made.add(makeModel(context, draft, relation, relations), draft.isEnabled)
  }
  for (const draft of drafts.snapshots) {
    made.add(makeSnapshot(context, draft, relationOf(draft)), draft.isEnabled)
  }
  for (const draft of drafts.functions) {
    made.add(makeFunction(context, draft, relationOf(draft)), draft.isEnabled)
  }
  for (const draft of drafts.analyses) {
    made.add(makeAnalysis(context, draft, relationOf(draft)), draft.isEnabled)
  }
  for (const draft of drafts.operations) {
    made.add(makeOperation(context, draft, relationOf(draft)), draft.isEnabled)
  }
  for (const draft of drafts.tests) {
    const relation = relationOf(draft, { schema: 'dbt_test__audit', ...draft.config })
    made.add(makeSingularTest(context, draft, relation), draft.isEnabled)
  }
  for (const draft of generic) made.add(makeGenericTest(context, draft), draft.isEnabled)
  const { nodes } = made
  compilation.problems.push(
    ...findCycles(nodes),
    ...findSharedRelations(nodes),
    ...findMisuse(nodes, customMaterializations(compilation)),
    ...findForbiddenRefs(nodes, project.groups),
    ...findBrokenReferences(compilation, index),
  )
  const described = makeDescribed(context)
  const unitTests = makeUnitTests(context)
  for (const { node, isEnabled } of [...sources, ...described, ...unitTests]) {
    if (!isEnabled) made.disable(node)
  }
  const all = [...Object.values(drafts).flat(), ...generic]
  const macros = lazyMacros(compilation)
  const graph: Graph = {
    project: project.settings.name,
    root: project.root,
    quoting: project.settings.quoting,
    targetPath: project.settings.targetPath,
    nodes: byId(nodes.values()),
    sources: byId(enabledOf(sources)),
    unitTests: byId(enabledOf(unitTests)),
    described: byId(enabledOf(described)),
    groups: makeGroups(compilation),
    get macros() {
      return macros()
    },
    docs: makeDocs(compilation),
    disabled: made.disabled,
    selectors: project.selectors.map(
      ({ name, description, default: isDefault, definition, at }) => ({
        name,
        description,
        isDefault: isDefault === true,
        saysDefault: isDefault !== undefined,
        definition,
        at,
      }),
    ),
    problems: unique(compilation.problems),
    warnings: unique(compilation.warnings),
  }
  const byDraftId = new Map(all.map((draft) => [draft.id, draft] as const))
  const renderer = new Renderer({ compilation, index, drafts: byDraftId, relations, graph })
  return { graph, renderer }
}

class Made {
  readonly nodes = new Map<string, GraphNode>()
  readonly disabled = new Map<string, SelectableNode[]>()

  add(node: GraphNode, isEnabled: boolean): void {
    if (isEnabled) this.nodes.set(node.id, node)
    else this.disable(node)
  }

  disable(node: SelectableNode): void {
    const known = this.disabled.get(node.id)
    if (known === undefined) this.disabled.set(node.id, [node])
    else known.push(node)
  }
}

function enabledOf<T>(made: readonly { readonly node: T; readonly isEnabled: boolean }[]): T[] {
  return made.filter(({ isEnabled }) => isEnabled).map(({ node }) => node)
}

function byId<T extends { readonly id: string }>(nodes: Iterable<T>): ReadonlyMap<string, T> {
  const entries = [...nodes].map((node) => [node.id, node] as const)
  return new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}

function openCompilation(project: Project, written: Project, inputs: CompileInputs): Compilation {
  const searchOrders = readSearchOrders(project.settings.dispatch)
  const macros = compileMacros(project.settings.name, project.macros, searchOrders)
  const { asks } = inputs
  const noteMacro = asks === undefined ? undefined : asks.macro.bind(asks)
  const library = { ...macros, noteName: inputs.noteName, noteMacro }
  const packages = new Map(project.packages.map((settings) => [settings.name, settings]))
  const vars = new Map<string, Config>()
  const keyed = project.properties.map(
    (entry) => [propertiesKey(entry.kind, entry), entry] as const,
  )
  return {
    project,
    written,
    inputs: { ...inputs, flags: { ...project.settings.flags, ...inputs.flags } },
    library,
    // Rendering a node asks for them each time, and merging them costs more than the look-up.
    vars: (owner) => {
      const known =
        vars.get(owner) ?? variablesOf(owner, project.settings, packages.get(owner), inputs)
      vars.set(owner, known)
      return asks?.watched(known) ?? known
    },
    properties: new Map(keyed),
    problems: [...project.problems, ...library.problems],
    warnings: [...project.warnings],
  }
}

type Drafts = ReturnType<typeof draftAll>

function draftAll(compilation: Compilation) {
  const { project, problems } = compilation
  const versions = findVersions(project)
  problems.push(...versions.problems)
  problems.push(
    ...findDuplicates([...project.models, ...project.pythonModels, ...project.seeds]),
    ...findDuplicates(project.tests),
    ...findDuplicates(project.snapshots),
  )
  const drafted = <T extends DraftSource>(sources: readonly T[]) =>
    sources.flatMap((source) => {
      const draft = draftSql(compilation, source)
      return draft === undefined ? [] : [{ ...source, ...draft }]
    })
  return {
    models: [
      ...drafted(modelSources(compilation, versions)),
      ...pythonDrafts(compilation, versions),
    ],
    snapshots: drafted(snapshotSources(compilation)),
    analyses: drafted(analysisSources(compilation)),
    functions: drafted(functionSources(compilation)),
    operations: drafted(hookSources(compilation)),
    tests: drafted(singularTestSources(compilation)),
  }
}

function findDuplicates(
  files: readonly { name: string; file: string; package: string }[],
): MillraceError[] {
  const byName = Map.groupBy(files, (file) => `${file.package}.${file.name}`)
  return [...byName.values()].flatMap((found) => {
    const name = found[0]?.name ?? ''
    if (found.length < 2) return []
    const paths = found.map(({ file }) => file)
    return [
      problem('model/duplicate-name', { name, files: paths }, { at: { file: paths[1] ?? '' } }),
    ]
  })
}

function warnOrphanProperties({ project, warnings }: Compilation): void {
  const names = {
    model: new Set([...project.models, ...project.pythonModels].map(({ name }) => name)),
    seed: new Set(project.seeds.map(({ name }) => name)),
  }
  for (const { kind, name, package: owner, versions, at } of project.properties) {
    if (owner !== project.settings.name || names[kind].has(name) || versions.length > 0) continue
    const parameters = { kind, name, nearest: nearest(name, names[kind]) }
    warnings.push(problem('model/unknown-subject', parameters, { at }))
  }
}

/** Names that the project's own `materialization` blocks define. */
function customMaterializations({ library }: Compilation): ReadonlySet<string> {
  const names = [...library.packages.values()].flatMap((macros) =>
    [...macros.keys()].flatMap((name) => /^materialization_(.+)_\w+$/.exec(name)?.[1] ?? []),
  )
  return new Set(names)
}

function draftTestsOfAll(
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

/** A macro that fails may do so for many nodes; it is one problem. */
function unique(problems: readonly MillraceError[]): MillraceError[] {
  const seen = new Set<string>()
  return problems.filter(({ code, message, at }) => {
    const key = JSON.stringify([code, message, at])
    return !seen.has(key) && seen.add(key)
  })
}
