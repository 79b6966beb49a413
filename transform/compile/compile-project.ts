/**
 * Project → graph. Pure: everything it needs comes as arguments. Problems are collected, all of them, with file,
 * line and column; the graph then holds what could be compiled.
 */
import { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Config, Project, Properties, SourceTable } from '../project/project.ts'
import { findCycles, findMisuse, findSharedRelations } from './check-graph.ts'
import { findBrokenReferences, findForbiddenRefs } from './check-references.ts'
import { draftGenericTests, type GenericDraft, type Subject } from './draft-tests.ts'
import { type Compilation, draftSql, folderConfig, type SqlDraft } from './drafts.ts'
import {
  type Graph,
  type GraphNode,
  type ModelNode,
  type Relation,
  type SeedNode,
  type Severity,
  type SourceNode,
  type TestNode,
  textConfig,
} from './graph.ts'
import { NameIndex, sourceId } from './index-names.ts'
import type { CompileInputs } from './inputs.ts'
import { compileMacros, readSearchOrders } from './macros.ts'
import { nameRelation } from './name-relations.ts'
import { Renderer } from './render.ts'
import { renderYamlValues } from './render-yaml.ts'
import { mergeConfig, tagsOf } from './resolve-config.ts'
import { variablesOf } from './variables.ts'
import { fileKey, findVersions } from './versions.ts'

export type Compiled = {
  readonly graph: Graph
  /** Renders a node again, knowing the database: incremental models need it. */
  readonly renderer: Renderer
}

/**
 * Compiles a project: every model and data test gets its SQL, as a full build sends it, and what it depends on.
 * @returns the graph, whose `problems` must be empty before it is run, and the renderer that increments need
 */
export async function compileProject(read: Project, inputs: CompileInputs): Promise<Compiled> {
  const project = renderYamlValues(read, inputs)
  const compilation = openCompilation(project, inputs)
  const models = draftAll(compilation, 'model')
  const tests = draftAll(compilation, 'test')
  const seeds = makeSeeds(compilation)
  const sources = makeSources(compilation)
  warnOrphanProperties(compilation)

  const index = new NameIndex(project.settings.name, [...models, ...seeds], project.sources)
  const relations = new Map<string, Relation>()
  for (const draft of models)
    relations.set(draft.id, nameRelation(compilation, draft, draft.config))
  for (const { id, relation } of [...seeds, ...sources]) relations.set(id, relation)
  const drafts = new Map([...models, ...tests].map((draft) => [draft.id, draft] as const))
  const renderer = new Renderer(compilation, index, drafts, relations)
  const generic = draftTestsOfAll(compilation, models, seeds)

  const nodes = new Map<string, GraphNode>()
  for (const seed of seeds) nodes.set(seed.id, seed)
  for (const draft of models) {
    const relation = relations.get(draft.id)
    if (relation === undefined) continue
    nodes.set(draft.id, await makeModel(compilation, draft, relation, index, renderer))
  }
  for (const draft of tests) {
    nodes.set(draft.id, await makeSingularTest(compilation, draft, index, renderer))
  }
  for (const draft of generic) {
    nodes.set(draft.id, await makeGenericTest(compilation, draft, index, renderer))
  }
  compilation.problems.push(
    ...findCycles(nodes),
    ...findSharedRelations(nodes),
    ...findMisuse(nodes),
    ...findForbiddenRefs(nodes, project.groups),
    ...findBrokenReferences(compilation, index),
  )
  const graph: Graph = {
    project: project.settings.name,
    targetPath: project.settings.targetPath,
    nodes: new Map([...nodes].sort(([left], [right]) => (left < right ? -1 : 1))),
    sources: new Map(sources.map((source) => [source.id, source])),
    problems: unique(compilation.problems),
    warnings: unique(compilation.warnings),
  }
  return { graph, renderer }
}

function openCompilation(project: Project, inputs: CompileInputs): Compilation {
  const searchOrders = readSearchOrders(project.settings.dispatch)
  const library = compileMacros(project.settings.name, project.macros, searchOrders)
  const packages = new Map(project.packages.map((settings) => [settings.name, settings]))
  const vars = new Map<string, Config>()
  const keyed = project.properties.map((entry) => [keyOf(entry), entry] as const)
  return {
    project,
    inputs,
    library,
    // Rendering a node asks for them each time, and merging them costs more than the look-up.
    vars: (owner) => {
      const known =
        vars.get(owner) ?? variablesOf(owner, project.settings, packages.get(owner), inputs)
      vars.set(owner, known)
      return known
    },
    properties: new Map(keyed),
    problems: [...project.problems, ...library.problems],
    warnings: [...project.warnings],
  }
}

function keyOf({ kind, package: owner, name }: Pick<Properties, 'kind' | 'package' | 'name'>) {
  return `${kind}.${owner}.${name}`
}

function draftAll(compilation: Compilation, kind: SqlDraft['kind']): SqlDraft[] {
  const { project, problems } = compilation
  const files = kind === 'model' ? project.models : project.tests
  const versions = findVersions(project)
  if (kind === 'model') problems.push(...versions.problems)
  problems.push(...findDuplicates(kind === 'model' ? [...files, ...project.seeds] : files))
  return files.flatMap((file) => {
    if (kind === 'test') return draftSql(compilation, kind, file, undefined) ?? []
    const versioned = versions.files.get(fileKey(file))
    const known = compilation.properties.get(keyOf({ ...file, kind }))
    return draftSql(compilation, kind, file, versioned?.properties ?? known, versioned) ?? []
  })
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
    model: new Set(project.models.map(({ name }) => name)),
    seed: new Set(project.seeds.map(({ name }) => name)),
  }
  for (const { kind, name, package: owner, versions, at } of project.properties) {
    if (owner !== project.settings.name || names[kind].has(name) || versions.length > 0) continue
    const parameters = { kind, name, nearest: nearest(name, names[kind]) }
    warnings.push(problem('model/unknown-subject', parameters, { at }))
  }
}

function makeSeeds(compilation: Compilation): SeedNode[] {
  const { project } = compilation
  return project.seeds.flatMap((file): SeedNode[] => {
    const properties = compilation.properties.get(keyOf({ ...file, kind: 'seed' }))
    const fqn = [file.package, ...file.folders, file.name]
    const fromFolders = folderConfig(compilation, 'seeds', fqn)
    const config = mergeConfig(fromFolders, properties?.config ?? {})
    if (config['enabled'] === false) return []
    const id = `seed.${file.package}.${file.name}`
    const named = { name: file.name, id, file: file.file, fqn, package: file.package, kind: 'seed' }
    return [
      {
        ...base(named, config, properties?.description ?? '', []),
        kind: 'seed',
        relation: nameRelation(compilation, named, config),
        columns: properties?.columns ?? [],
        absolutePath: file.absolutePath,
      },
    ]
  })
}

function makeSources({ project, inputs }: Compilation): SourceNode[] {
  return project.sources.map((table) => ({
    kind: 'source',
    id: sourceId(table.package, table.source, table.name),
    source: table.source,
    name: table.name,
    package: table.package,
    file: table.file,
    fqn: sourceFqn(table),
    tags: tagsOf(table.config),
    description: table.description,
    config: table.config,
    columns: table.columns,
    relation: {
      catalog: table.database ?? inputs.target.database,
      schema: table.schema,
      name: table.identifier,
    },
  }))
}

/** Project, folders of the schema file, source, table. */
function sourceFqn(table: SourceTable): string[] {
  return [table.package, ...table.folders, table.source, table.name]
}

function draftTestsOfAll(
  compilation: Compilation,
  models: readonly SqlDraft[],
  seeds: readonly SeedNode[],
): GenericDraft[] {
  const { project } = compilation
  const ofNodes = [...models, ...seeds].flatMap((node) => {
    const properties =
      node.kind === 'seed'
        ? compilation.properties.get(keyOf({ ...node, kind: 'seed' }))
        : node.properties
    const name = 'version' in node && node.version ? `${node.name}_v${node.version}` : node.name
    const subject: Subject = { ...node, name, isSource: false }
    return draftGenericTests(compilation, subject, properties?.tests ?? [])
  })
  const ofSources = project.sources.flatMap((table) => {
    const subject: Subject = {
      id: sourceId(table.package, table.source, table.name),
      name: `${table.source}_${table.name}`,
      isSource: true,
      fqn: sourceFqn(table),
      file: table.file,
    }
    return draftGenericTests(compilation, subject, table.tests)
  })
  return [...ofNodes, ...ofSources]
}

async function makeModel(
  compilation: Compilation,
  draft: SqlDraft,
  relation: Relation,
  index: NameIndex,
  renderer: Renderer,
): Promise<ModelNode> {
  const { asked, config, properties } = draft
  const dependencies = resolve(compilation, index, draft, asked)
  const materialized = textConfig(config, 'materialized') ?? 'view'
  return {
    ...base(draft, config, properties?.description ?? '', dependencies),
    kind: 'model',
    relation,
    materialized,
    columns: properties?.columns ?? [],
    rawSql: draft.source.text,
    sql: await rendered(compilation, () => renderer.render(draft.id)),
    newRowsOf: newRowsOf(compilation, draft, index, materialized),
  }
}

function newRowsOf(
  compilation: Compilation,
  { asked, name, file, package: owner, template }: SqlDraft,
  index: NameIndex,
  materialized: string,
): string[] {
  const misused = (reason: string) => {
    const at = template.placeOfCall('new_rows', []) ?? { file }
    compilation.problems.push(problem('model/new-rows-misused', { node: name, reason }, { at }))
  }
  if (asked.newRowsOf.length > 0 && materialized !== 'incremental') {
    misused(`stands in a ${materialized}, and only an incremental model has seen rows before`)
  }
  const ids = asked.newRowsOf.map((call) => {
    if (call === undefined) misused('needs a ref() or a source()')
    else return 'parts' in call ? index.findRef(call, owner) : index.findSource(call, owner)
    return undefined
  })
  return [...new Set(ids.filter((id) => id !== undefined))].sort()
}

async function makeSingularTest(
  compilation: Compilation,
  draft: SqlDraft,
  index: NameIndex,
  renderer: Renderer,
): Promise<TestNode> {
  const dependencies = resolve(compilation, index, draft, draft.asked)
  return {
    ...base(draft, draft.config, '', dependencies),
    kind: 'test',
    sql: await rendered(compilation, () => renderer.render(draft.id)),
    severity: severityOf(draft.config),
    generic: undefined,
  }
}

async function makeGenericTest(
  compilation: Compilation,
  draft: GenericDraft,
  index: NameIndex,
  renderer: Renderer,
): Promise<TestNode> {
  const { test, column, arguments: args } = draft.declaration
  const others = resolve(compilation, index, draft, draft.asked)
  return {
    ...base(draft, draft.config, '', [...new Set([draft.subject, ...others])].sort()),
    kind: 'test',
    sql: await rendered(compilation, () => renderer.renderTest(draft)),
    severity: severityOf(draft.config),
    generic: { test, column, subject: draft.subject, arguments: args },
  }
}

function resolve(
  compilation: Compilation,
  index: NameIndex,
  node: Parameters<NameIndex['resolve']>[0],
  asked: SqlDraft['asked'],
): readonly string[] {
  const { ids, problems } = index.resolve(node, asked.refs, asked.sources)
  compilation.problems.push(...problems)
  return ids
}

/** Text of a node, or nothing when it cannot be rendered; unknown names are listed by `resolve` already. */
async function rendered(compilation: Compilation, work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const listed = ['model/unknown-ref', 'model/unknown-source'].includes(error.code)
    if (!listed) compilation.problems.push(error)
    return ''
  }
}

function severityOf(config: Config): Severity {
  return textConfig(config, 'severity')?.toLowerCase() === 'warn' ? 'warn' : 'error'
}

type Named = {
  readonly id: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly fqn: readonly string[]
}

function base(node: Named, config: Config, description: string, dependencies: readonly string[]) {
  const { id, name, package: project, file, fqn } = node
  return {
    id,
    name,
    package: project,
    file,
    fqn,
    tags: tagsOf(config),
    description,
    config,
    dependencies,
  }
}

/** A macro that fails does so in parsing and again in rendering; it is one problem. */
function unique(problems: readonly MillraceError[]): MillraceError[] {
  const seen = new Set<string>()
  return problems.filter(({ code, message, at }) => {
    const key = JSON.stringify([code, message, at])
    return !seen.has(key) && seen.add(key)
  })
}
