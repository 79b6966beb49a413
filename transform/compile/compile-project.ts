/**
 * Project → graph. Pure: everything it needs comes as arguments. Problems are collected, all of them, with file,
 * line and column; the graph then holds what could be parsed. SQL is rendered by the renderer, when it is wanted.
 */
import type { MillraceError } from '../../core/errors.ts'
import { selectorProblems } from '../plan/selector-definitions.ts'
import type { Config, Project } from '../project/project.ts'
import { withProjectFlags } from '../stdlib/flags.ts'
import { findUnusedConfigPaths } from './check-config-paths.ts'
import {
  findDoubleDefinitions,
  findDoubleDescriptions,
  findDoubleTests,
} from './check-duplicates.ts'
import { findCycles, findMisuse, findSharedRelations } from './check-graph.ts'
import { findBrokenReferences, findForbiddenRefs } from './check-references.ts'
import { draftAll, findDuplicateNames, warnOrphanProperties } from './draft-all.ts'
import { draftTestsOfAll } from './draft-all-tests.ts'
import type { Compilation, SqlDraft } from './drafts.ts'
import { entriesByNode } from './entries-by-node.ts'
import type { Graph, GraphNode, LatentProblem, Relation, SelectableNode } from './graph.ts'
import { NameIndex, type Names, type Referable } from './index-names.ts'
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
import { makeSource } from './make-sources.ts'
import { nameRelation } from './name-relations.ts'
import { Renderer } from './render.ts'
import { renderYamlValues } from './render-yaml.ts'
import { type StoredRenderer, storedRenderer, variablesBy } from './stored-renderer.ts'
import { warnDeprecated } from './warn-deprecated.ts'

export type Compiled = {
  readonly graph: Graph
  /** Renders nodes, knowing the database. */
  readonly renderer: Renderer
}

/** With the renderer as data, to be restored later. */
type Storable = Compiled & { readonly stored: () => StoredRenderer }

/**
 * Parses a project: every resource with its config and what it depends on; nothing is rendered to SQL yet.
 * @returns the graph, whose `problems` must be empty before it is run, and the renderer that makes its SQL
 */
export async function compileProject(read: Project, inputs: CompileInputs): Promise<Storable> {
  const project = renderYamlValues(read, inputs)
  const compilation = openCompilation(project, read, inputs)
  const drafts = draftAll(compilation)
  const sources = project.sources.map((table) => makeSource(compilation, table))
  const seeds = project.seeds.map((file) => makeSeed(compilation, file))
  warnOrphanProperties(compilation)
  compilation.problems.push(
    ...findDuplicateNames(project, [...drafts.models, ...drafts.tests, ...seeds]),
    ...findDoubleDescriptions(compilation, drafts, seeds),
    ...findDoubleDefinitions(project),
  )

  const names = namesOf(project, drafts, seeds, sources)
  const index = new NameIndex(project.settings.name, names)
  const context: NodeContext = { compilation, index }
  const generic = draftTestsOfAll(compilation, drafts, seeds, sources)
  compilation.problems.push(...findDoubleTests(generic))
  const made = new Made()
  const relations = new Map<string, Relation>()
  const relationOf = (draft: SqlDraft, config: Config = draft.naming) => {
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
    const relation = relationOf(draft, { schema: 'dbt_test__audit', ...draft.naming })
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
  compilation.warnings.push(...warnDeprecated(nodes, inputs.startedAt))
  const described = makeDescribed(context)
  const unitTests = makeUnitTests(context)
  const others = [...sources, ...described, ...unitTests]
  for (const { node, isEnabled } of others) if (!isEnabled) made.disable(node)
  compilation.warnings.push(
    ...findUnusedConfigPaths(
      project.settings,
      [...nodes.values(), ...others.flatMap(({ node, isEnabled }) => (isEnabled ? [node] : []))],
      [...made.disabled.values()].flat(),
    ),
  )
  const all = [...Object.values(drafts).flat(), ...generic]
  const macros = lazyMacros(compilation)
  const selectors = project.selectors.map(
    ({ name, description, default: isDefault, definition, at }) => ({
      name,
      description,
      isDefault: isDefault === true,
      saysDefault: isDefault !== undefined,
      definition,
      at,
    }),
  )
  compilation.problems.push(...selectorProblems(selectors))
  const graph: Graph = {
    project: project.settings.name,
    root: project.root,
    quoting: project.settings.quoting,
    targetPath: project.settings.targetPath,
    flags: project.settings.flags,
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
    selectors,
    vars: Object.fromEntries(
      [...project.packages, project.settings].map(({ name, vars }) => [name, vars]),
    ),
    problems: unique(compilation.problems),
    warnings: unique(compilation.warnings),
    latent: uniqueLatent(compilation.latent.filter(({ node }) => nodes.has(node))),
  }
  const byDraftId = new Map(all.map((draft) => [draft.id, draft] as const))
  const renderer = new Renderer({ compilation, index, drafts: byDraftId, relations, graph })
  const stored = () => storedRenderer({ compilation, names, drafts: byDraftId, relations })
  return { graph, renderer, stored }
}

/** What refs and sources can name. */
function namesOf(
  project: Project,
  drafts: ReturnType<typeof draftAll>,
  seeds: readonly ReturnType<typeof makeSeed>[],
  sources: readonly ReturnType<typeof makeSource>[],
): Names {
  const enabled: Referable[] = []
  const disabled: Referable[] = []
  for (const one of [...drafts.models, ...drafts.snapshots, ...seeds]) {
    const { name, package: owner, id } = one
    const version = 'version' in one ? one.version : undefined
    const latest = 'isLatest' in one ? { isLatest: one.isLatest } : {}
    const found = one.isEnabled ? enabled : disabled
    found.push({ name, package: owner, id, version, ...latest })
  }
  return {
    referable: enabled,
    disabled,
    sources: enabledOf(
      sources.map(({ table, isEnabled }) => {
        const { source, name, package: owner } = table
        return { node: { source, name, package: owner }, isEnabled }
      }),
    ),
    functions: drafts.functions
      .filter(({ isEnabled }) => isEnabled)
      .map(({ name, package: owner, id }) => ({ name, package: owner, id })),
    metrics: project.metrics.map(({ name, package: owner }) => {
      return { name, package: owner, id: `metric.${owner}.${name}` }
    }),
  }
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
  const vars = variablesBy(project.settings, project.packages, inputs)
  return {
    project,
    written,
    inputs: { ...inputs, flags: withProjectFlags(project.settings.flags, inputs.flags ?? {}) },
    library,
    vars: (owner) => asks?.watched(vars(owner)) ?? vars(owner),
    properties: entriesByNode(project),
    problems: [...project.problems, ...library.problems],
    warnings: [...project.warnings],
    latent: [],
  }
}

/** Names that the project's own `materialization` blocks define. */
function customMaterializations({ library }: Compilation): ReadonlySet<string> {
  const names = [...library.packages.values()].flatMap((macros) =>
    [...macros.keys()].flatMap((name) => /^materialization_(.+)_\w+$/.exec(name)?.[1] ?? []),
  )
  return new Set(names)
}

/** A macro that fails may do so for many nodes; it is one problem. */
function unique(problems: readonly MillraceError[]): MillraceError[] {
  return uniqueBy(problems, ({ code, message, at }) => [code, message, at])
}

/** A name may be used many times in one place, as in `a.b.c`. */
function uniqueLatent(latent: readonly LatentProblem[]): LatentProblem[] {
  return uniqueBy(latent, ({ node, problem: { code, message, at } }) => [
    node,
    code,
    message,
    at?.file,
    at?.line,
  ])
}

function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => readonly unknown[]): T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = JSON.stringify(keyOf(item))
    return !seen.has(key) && seen.add(key)
  })
}
