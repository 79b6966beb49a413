/** Drafts → nodes of the graph: what they name is looked up, and nothing is rendered. */
import { problem } from '../../core/problems.ts'
import type { Config, SeedFile } from '../project/project.ts'
import { resolveConstraint } from './constraints.ts'
import { pathInPackage, propertiesKey } from './draft-sources.ts'
import type { GenericDraft } from './draft-tests.ts'
import {
  type Compilation,
  configWithoutHeader,
  type Patch,
  type SqlDraft,
  writtenConfig,
} from './drafts.ts'
import {
  type AnalysisNode,
  type FunctionNode,
  type ModelNode,
  type OperationNode,
  type Relation,
  type SeedNode,
  type Severity,
  type SnapshotNode,
  type TestNode,
  textConfig,
} from './graph.ts'
import type { NameIndex } from './index-names.ts'
import { nameRelation } from './name-relations.ts'
import type { ParseHost } from './parse-host.ts'
import { tagsOf } from './resolve-config.ts'

export type NodeContext = { readonly compilation: Compilation; readonly index: NameIndex }

export function makeModel(
  context: NodeContext,
  draft: SqlDraft,
  relation: Relation,
  relations: ReadonlyMap<string, Relation>,
): ModelNode {
  const { config, entry: said } = draft
  const materialized = textConfig(config, 'materialized') ?? 'view'
  const columns = said?.columns ?? []
  const constraint = (written: Config) =>
    resolveConstraint(
      context.index,
      context.compilation.project.settings.quoting,
      draft,
      relations,
      written,
    )
  return {
    ...base(context, draft),
    kind: 'model',
    relation,
    materialized,
    version: draft.v,
    latestVersion: said?.latest,
    access: textConfig(config, 'access') ?? 'protected',
    deprecationDate: said?.deprecationDate,
    constraints: (said?.constraints ?? []).map(constraint),
    columns: columns.map((column) => ({
      ...column,
      constraints: column.constraints.map(constraint),
    })),
    timeSpine: said?.timeSpine,
    newRowsOf: draft.isEnabled ? newRowsOf(context, draft, materialized) : [],
  }
}

export function makeSnapshot(
  context: NodeContext,
  draft: SqlDraft,
  relation: Relation,
): SnapshotNode {
  return { ...base(context, draft), kind: 'snapshot', relation }
}

export function makeAnalysis(
  context: NodeContext,
  draft: SqlDraft,
  relation: Relation,
): AnalysisNode {
  return { ...base(context, draft), kind: 'analysis', relation }
}

export function makeOperation(
  context: NodeContext,
  draft: SqlDraft & Pick<OperationNode, 'when' | 'index'>,
  relation: Relation,
): OperationNode {
  const { when, index } = draft
  const node = base(context, draft)
  const tags = [...new Set([when, ...node.tags])]
  return { ...node, tags, kind: 'operation', relation, when, index }
}

export function makeFunction(
  context: NodeContext,
  draft: SqlDraft,
  relation: Relation,
): FunctionNode {
  const { project } = context.compilation
  const said = project.functionProperties.find(
    ({ package: owner, name }) => owner === draft.package && name === draft.name,
  )
  const args = (said?.arguments ?? []).map(({ name, dataType, description, defaultValue }) => ({
    name,
    data_type: dataType,
    description: description ?? null,
    default_value: defaultValue ?? null,
  }))
  const returns = {
    data_type: said?.returns?.dataType ?? 'INVALID_TYPE',
    description: said?.returns?.description ?? null,
  }
  return { ...base(context, draft), kind: 'function', relation, arguments: args, returns }
}

export function makeSingularTest(
  context: NodeContext,
  draft: SqlDraft,
  relation: Relation,
): TestNode {
  return {
    ...base(context, draft),
    kind: 'test',
    relation,
    severity: severityOf(draft.config),
    generic: undefined,
  }
}

export function makeGenericTest(context: NodeContext, draft: GenericDraft): TestNode {
  const { compilation } = context
  const { config, subject, test, namespace, column, asked, declaration } = draft
  const withSchema = { schema: 'dbt_test__audit', ...config }
  const others = draft.isEnabled ? resolve(context, draft, asked) : []
  return {
    ...described(context, draft, config, declaration),
    kind: 'test',
    dependencies: draft.isEnabled ? [...new Set([...others, subject.id])] : [],
    macros: [...asked.macros].sort(),
    refs: asked.refs,
    sources: asked.sources,
    metrics: asked.metrics,
    functions: asked.functions,
    columns: [],
    unrenderedConfig: draft.unrenderedConfig,
    patch: undefined,
    group: subject.group,
    rawCode: draft.rawCode,
    tags: draft.tags,
    checksum: '',
    language: 'sql',
    relation: nameRelation(compilation, { ...draft, name: draft.path.slice(0, -4) }, withSchema),
    severity: severityOf(config),
    generic: { test, namespace, column, subject: subject.id, arguments: draft.kwargs },
  }
}

/** One kind of line ends, and no blanks around; a byte order mark is no blank. */
function asPythonReads(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(/^[^\S\uFEFF]+|[^\S\uFEFF]+$/g, '')
}

export function makeSeed(compilation: Compilation, file: SeedFile): SeedNode & Enabled {
  const patch = compilation.properties.get(propertiesKey('seed', file))
  const { name, package: owner } = file
  const fqn = [owner, ...file.folders, name]
  const id = `seed.${owner}.${name}`
  const quoted = patch?.quoteColumns
  const said = quoted === undefined ? {} : { quote_columns: quoted }
  const config = configWithoutHeader(compilation.project, 'seeds', fqn, {
    ...said,
    ...patch?.config,
  })
  const path = [...file.folders, file.file.slice(file.file.lastIndexOf('/') + 1)].join('/')
  const named = { name, id, file: file.file, path, fqn, package: owner, kind: 'seed' }
  return {
    ...described({ compilation }, named, config, patch),
    kind: 'seed',
    dependencies: [],
    macros: [],
    refs: [],
    sources: [],
    metrics: [],
    functions: [],
    columns: patch?.columns ?? [],
    unrenderedConfig: writtenConfig(compilation, 'seeds', fqn, patch, {}),
    patch: patch && patchOf(compilation, patch),
    rawCode: '',
    checksum:
      file.text === undefined ? file.file : compilation.inputs.sha256(asPythonReads(file.text)),
    checksumName: file.text === undefined ? 'path' : undefined,
    isEmpty: file.text?.trim() === '' ? true : undefined,
    language: 'sql',
    relation: nameRelation(compilation, named, config),
    absolutePath: file.absolutePath,
    isEnabled: config['enabled'] !== false,
  }
}

/** Where dbt says that a description stands. */
function patchOf({ project }: Compilation, { package: owner, file }: Patch) {
  const settings = project.packages.find(({ name }) => name === owner) ?? project.settings
  return { package: owner, file: pathInPackage(settings, file) }
}

/** dbt does not count blanks as a change. */
function squeeze(text: string): string {
  return text.trim().split(/\s+/).join(' ')
}

type Enabled = { readonly isEnabled: boolean }

function base(context: NodeContext, draft: SqlDraft) {
  const { patch, asked, config } = draft
  const columns = patch?.columns ?? []
  return {
    ...described(context, draft, config, patch),
    tags: draft.tags,
    dependencies: draft.isEnabled ? resolve(context, draft, asked) : [],
    macros: [...asked.macros].sort(),
    refs: asked.refs,
    sources: asked.sources,
    metrics: asked.metrics,
    functions: asked.functions,
    columns,
    unrenderedConfig: draft.unrenderedConfig,
    patch: patch && patchOf(context.compilation, patch),
    ...codeOf(draft, context.compilation.inputs.sha256),
    language: draft.language,
  }
}

/** What a node keeps of its text. A block of a snapshot is kept to the letter. */
export function codeOf(
  { kind, text, hashed }: Pick<SqlDraft, 'kind' | 'text' | 'hashed'>,
  sha256: (text: string) => string,
) {
  return {
    rawCode: kind === 'snapshot' ? text : text.trim(),
    checksum: sha256(squeeze(hashed ?? text)),
  }
}

type Named = {
  readonly id: string
  readonly name: string
  readonly package: string
  readonly file: string
  readonly path: string
  readonly fqn: readonly string[]
}

/** What every resource has. */
export function described(
  { compilation: { project } }: Pick<NodeContext, 'compilation'>,
  node: Named,
  config: Config,
  entry: Described | undefined,
) {
  const { id, name, package: owner, file, path, fqn } = node
  const settings = project.packages.find((settings) => settings.name === owner) ?? project.settings
  const { meta } = config
  return {
    id,
    name,
    package: owner,
    file,
    originalFile: pathInPackage(settings, file),
    path,
    fqn,
    tags: tagsOf(config),
    group: textConfig(config, 'group'),
    meta: typeof meta === 'object' && meta !== null ? { ...meta } : {},
    description: entry?.description ?? '',
    docBlocks: entry?.docBlocks ?? [],
    config,
  }
}

type Described = { readonly description: string; readonly docBlocks?: readonly string[] }

/** Ids of what a node names, in order: refs, sources, functions, metrics. */
function resolve(
  { compilation, index }: NodeContext,
  node: Parameters<NameIndex['resolve']>[0],
  { refs, sources, functions, metrics }: ParseHost,
): readonly string[] {
  const { ids, problems } = index.resolve(node, refs, sources)
  const others = [
    ...functions.map((parts) => index.findFunction(parts, node.package)),
    ...metrics.map((parts) => index.findMetric(parts, node.package)),
  ]
  compilation.problems.push(...problems)
  return [...ids, ...new Set(others.filter((id) => id !== undefined))]
}

function newRowsOf(
  { compilation, index }: NodeContext,
  { asked, name, file, package: owner, template }: SqlDraft,
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

function severityOf(config: Config): Severity {
  return textConfig(config, 'severity')?.toLowerCase() === 'warn' ? 'warn' : 'error'
}
