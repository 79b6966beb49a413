/** Renders nodes to SQL when they are wanted: refs become relations, ephemeral models become CTEs. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { quoteRelation } from '../../core/sql.ts'
import { compileTemplate } from '../jinja/template.ts'
import { toTemplateValue } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import type { TemplateDatabase } from '../stdlib/database.ts'
import { flagsOf } from '../stdlib/flags.ts'
import { PythonTime } from '../stdlib/python-datetime.ts'
import { type Look, quotedLook, RelationValue } from '../stdlib/relation.ts'
import { standardPackage } from '../stdlib/standard-macros.ts'
import { utc } from '../stdlib/time-zone.ts'
import { evaluateArguments, type GenericDraft, type Subject } from './draft-tests.ts'
import { type Compilation, makeNames, type SqlDraft } from './drafts.ts'
import { type Materialization, Materializations } from './find-materialization.ts'
import { findOperation, type Operation } from './find-operation.ts'
import {
  type Graph,
  type GraphNode,
  type Relation,
  type SelectableNode,
  textConfig,
} from './graph.ts'
import type { NameIndex } from './index-names.ts'
import { type Cte, injectCtes } from './inject-ctes.ts'
import { macroId } from './macros.ts'
import type { NamedNode, NodeHost } from './node-names.ts'
import { renderUnitTest, type UnitTestCode } from './render-unit-test.ts'
import { callMacro, type Materialized, materialize, type Names } from './run-macro.ts'
import {
  isStandardTest,
  readStandardTest,
  type StandardTest,
  standardTestSql,
} from './standard-test.ts'
import { failuresKeptAs } from './test-failures.ts'

/** What is known of the database when a node is rendered. */
export type RenderState = {
  readonly isIncremental: boolean
  /** What the node has not seen of an upstream; undefined: all rows are new. */
  readonly unseenOf?: (upstream: string) => UnseenRows | undefined
  /** Answers the queries of templates instead of the database that compiling was given. */
  readonly database?: TemplateDatabase
  /** Names that hold besides: what the hooks at the end of a run know of it. */
  readonly names?: ReadonlyMap<string, unknown>
  /** Takes what templates warn of while a node is carried out. */
  readonly warnings?: MillraceError[]
  /** One batch of a microbatch model. */
  readonly batch?: RenderBatch | undefined
}

/** Rows of an upstream that a model has not seen. */
type UnseenRows = {
  /** The first rowid. */
  readonly watermark: bigint
  /**
   * None is as old as this snapshot, nor in a file that is. Then files are left out without a look; a bound on the rowid
   * alone reads the rowid of every row.
   */
  readonly after?: number | undefined
}

/** A stretch of time that a model is built for: `model.batch` of templates. */
export type RenderBatch = {
  readonly id: string
  /** Milliseconds since 1970, the end left out. */
  readonly start: number
  readonly end: number
  /** What is printed for a relation that the model itself reads. */
  readonly limit: (printed: string, target: SelectableNode) => string
}

/** What a macro that carries out a node works with. */
export type NodeWork = {
  /** The node's SQL: `sql`, `compiled_code`. */
  readonly code?: string
  /** `load_agate_table()` of a seed. */
  readonly seedTable?: unknown
  /** Receives the statements that the macro names as the node's own. */
  readonly write?: (code: string) => void
  /** Configs that only this work has: the expected rows of a unit test. */
  readonly config?: Config
}

const fullBuild: RenderState = { isIncremental: false }

/** SQL of a node, with the ephemeral models that were put in front of it, each after those it reads. */
export type CompiledCode = {
  readonly sql: string
  /** Ids of the macros that it named, those too that it names only when it is run. */
  readonly macros: readonly string[]
  readonly ctes: readonly { readonly id: string; readonly sql: string }[]
}

type Draft = SqlDraft | GenericDraft

type RendererParts = {
  readonly compilation: Compilation
  readonly index: NameIndex
  readonly drafts: ReadonlyMap<string, Draft>
  /** Of all that can be read, by id. */
  readonly relations: ReadonlyMap<string, Relation>
  readonly graph: Graph
}

/** What a reference stands for, other than its own relation. */
export type Reading = {
  /** Relations of an earlier state that are read instead, by id. */
  readonly deferred?: ReadonlyMap<string, Relation>
  /** What is printed for a relation that a node reads: `--empty` and `--sample` put a subquery there. */
  readonly limit?: (printed: string, target: SelectableNode, reader: GraphNode) => string
  /** Ids that the command works on: `selected_resources` of templates. */
  readonly selected?: ReadonlySet<string>
}

export class Renderer {
  readonly #parts: RendererParts
  readonly #reading: Reading
  /** Rendered bodies of ephemeral models; they ask nothing of the state. */
  readonly #bodies = new Map<string, Promise<Body>>()
  #materializations: Materializations | undefined

  constructor(parts: RendererParts, reading: Reading = {}) {
    this.#parts = parts
    this.#reading = reading
  }

  /** The macro that carries out a node instead of the runner, if one does. */
  replacing(id: string): Materialization | undefined {
    const { nodes, unitTests } = this.#parts.graph
    const node = nodes.get(id) ?? unitTests.get(id)
    return node && this.#replacements().replacing(node)
  }

  /** Whether one of these macros of dbt means another one in a node: of the project, or of a package. */
  replaces(id: string, macros: readonly string[]): boolean {
    const { nodes, sources, unitTests } = this.#parts.graph
    const node = nodes.get(id) ?? sources.get(id) ?? unitTests.get(id)
    return node !== undefined && this.#replacements().replaces(node.package, macros)
  }

  #replacements(): Materializations {
    const { library, inputs } = this.#parts.compilation
    this.#materializations ??= new Materializations(library, inputs.flags ?? {})
    return this.#materializations
  }

  /**
   * Carries out a node by a macro.
   * @throws `model/template-failed` and whatever the macro raises
   */
  async materialize(
    id: string,
    by: Materialization,
    state: RenderState,
    work: NodeWork,
  ): Promise<Materialized> {
    const node = this.#nodeOf(id)
    const names = this.#namesOf(node, state, work)
    const macro = names.all.macroOf(by.package, by.macro)
    if (macro === undefined) {
      throw problem('model/unknown-macro', { name: by.macro, nearest: undefined })
    }
    const materialized = textConfig(node.config, 'materialized') ?? node.kind
    return await materialize(names, macro, { ...node, materialized })
  }

  /** A text of a node that is a template: a hook, `loaded_at_query` of a source. @throws `model/template-failed` */
  async renderText(id: string, text: string, state: RenderState): Promise<string> {
    const node = this.#nodeOf(id)
    const { all } = this.#namesOf(node, state, {})
    return await compileTemplate(node.file, text).render(all)
  }

  /** The macro of that name. @param name `macro` or `package.macro` @throws `model/unknown-macro` */
  operation(name: string): Operation {
    return findOperation(this.#parts.compilation.library, name)
  }

  /**
   * Calls a macro by itself.
   * @param args by name
   * @returns what it returns
   * @throws `model/template-failed` and whatever the macro raises
   */
  async call(operation: Operation, args: Config, state: RenderState): Promise<unknown> {
    const { id, name, package: owner, file, searched } = operation
    const node = { id, name, package: searched, kind: 'operation', file, fqn: [], config: {} }
    const names = this.#namesOf(node, state, {})
    const macro = names.all.macroOf(owner, name)
    if (macro === undefined) throw problem('model/unknown-macro', { name, nearest: undefined })
    const unknown = Object.keys(args).find((key) => operation.parameters?.includes(key) === false)
    if (unknown !== undefined) {
      const reason = `the macro ${name} takes no argument ${unknown}`
      throw problem('model/template-failed', { reason }, { at: { file } })
    }
    const given = new Map(Object.entries(args).map(([key, value]) => [key, toTemplateValue(value)]))
    return await callMacro(names, macro, given, file)
  }

  #nodeOf(id: string): NamedNode & { readonly config: Config } {
    const draft = this.#parts.drafts.get(id)
    if (draft !== undefined) return draft
    const { nodes, sources, unitTests } = this.#parts.graph
    const node = nodes.get(id) ?? sources.get(id) ?? unitTests.get(id)
    if (node === undefined) {
      throw problem('model/unknown-ref', { node: id, ref: id, nearest: undefined })
    }
    const { name, file, fqn, package: owner, kind, config } = node
    return { id, name, file, fqn, package: owner, kind, config }
  }

  #namesOf(node: NamedNode & { readonly config: Config }, state: RenderState, work: NodeWork) {
    const names = this.#names(node, new RenderHost(this, node, state, work))
    this.#nameRelation(names.own, node.id)
    return names
  }

  /** `this`, and the names of where it lives. */
  #nameRelation(own: Map<string, unknown>, id: string): void {
    const relation = this.#parts.relations.get(id)
    if (relation === undefined) return
    own.set('this', new RelationValue(id, relation, undefined, this.#lookOf(id)))
    own.set('database', relation.catalog)
    own.set('schema', relation.schema)
  }

  /** One that reads so, of the same project. */
  with(reading: Reading): Renderer {
    return new Renderer(this.#parts, { ...this.#reading, ...reading })
  }

  /**
   * The SQL of a model, test, snapshot, analysis, function or hook; a Python model is its text.
   * @throws `model/template-failed` and whatever a macro raises
   */
  async render(id: string, state: RenderState = fullBuild): Promise<string> {
    return (await this.compile(id, state)).sql
  }

  /** The same, with the CTEs that were put into it. */
  async compile(id: string, state: RenderState = fullBuild): Promise<CompiledCode> {
    const draft = this.#parts.drafts.get(id)
    if (draft === undefined) return { sql: '', macros: [], ctes: [] }
    const { sql, macros, ephemerals } = await this.#body(draft, state)
    const ctes = await this.#collectCtes(ephemerals, state, [])
    return {
      sql: injectCtes(sql, ctes),
      macros: [...macros],
      ctes: ctes.map((cte) => ({ id: cte.id, sql: ` ${cte.name} as (\n${cte.sql}\n)` })),
    }
  }

  async #body(draft: Draft, state: RenderState): Promise<Body> {
    if ('language' in draft && draft.language === 'python') {
      return { sql: draft.text, macros: new Set(), ephemerals: new Set() }
    }
    const host = new RenderHost(this, draft, state)
    const text = 'declaration' in draft ? this.#test(draft, host) : this.#own(draft, host)
    const sql = await text
    return {
      // Tests begin and end with the blanks of macros, which are nobody's.
      sql: 'declaration' in draft ? sql.trim() : withoutOuterBlanks(draft.text, sql),
      macros: host.macros,
      ephemerals: host.ephemerals,
    }
  }

  #own(draft: SqlDraft, host: RenderHost): Promise<string> {
    const { own, all } = this.#names(draft, host)
    this.#nameRelation(own, draft.id)
    return draft.template.render(all)
  }

  /** A generic test that means one of dbt's own; undefined for others, and for what reads ephemeral models. */
  standardTest(id: string): (StandardTest & { readonly code: CompiledCode }) | undefined {
    const draft = this.#parts.drafts.get(id)
    if (draft === undefined || !('declaration' in draft)) return undefined
    const host = new RenderHost(this, draft, fullBuild)
    const found = this.#standard(draft, host, this.#arguments(draft, host))
    if (found === undefined || host.ephemerals.size > 0) return undefined
    const sql = standardTestSql(found, this.#keepsFailures(draft))
    return { ...found, code: { sql, macros: [...host.macros], ctes: [] } }
  }

  /**
   * A unit test's model, reading what the test gives it.
   * @throws `model/compiler-error` when the model reads something else, `model/template-failed`
   */
  async unitTest(id: string): Promise<UnitTestCode> {
    const { compilation, index, relations, graph, drafts } = this.#parts
    const test = graph.unitTests.get(id)
    const draft = drafts.get(test?.dependencies[0] ?? '')
    if (test === undefined || draft === undefined || 'declaration' in draft) {
      const reason = `${id} is no unit test of a model that is written in SQL`
      throw problem('model/compiler-error', { reason })
    }
    const describeModel = () => this.describe(draft.id)
    const describeGraph = () => this.graph()
    const parts = { compilation, index, relations, draft, graph, describeModel, describeGraph }
    return await renderUnitTest(test, parts)
  }

  /** Whether what nodes read of an upstream is all of its own rows, and not another relation or a part of them. */
  readingOf(id: string): 'whole' | 'limited' | 'elsewhere' {
    if (this.#reading.deferred?.has(id) === true) return 'elsewhere'
    return this.#reading.limit === undefined ? 'whole' : 'limited'
  }

  /** One that reads another relation in the place of a node's own. */
  instead(id: string, relation: Relation): Renderer {
    return this.with({ deferred: new Map([...(this.#reading.deferred ?? []), [id, relation]]) })
  }

  /** A flag by dbt's name in capitals, as templates see it. */
  flag(name: string): unknown {
    return flagsOf(this.#parts.compilation.inputs.flags ?? {})[name]
  }

  #keepsFailures({ config }: Draft): boolean {
    return failuresKeptAs(config, this.flag('STORE_FAILURES') === true) !== undefined
  }

  #standard(
    { test, namespace, subject, id, config, package: owner }: GenericDraft,
    host: RenderHost,
    args: ReadonlyMap<string, unknown>,
  ): StandardTest | undefined {
    const { library } = this.#parts.compilation
    if (!isStandardTest(library, test, namespace) || this.#isReplaced(subject, owner)) {
      return undefined
    }
    for (const name of [`test_${test}`, 'get_where_subquery']) {
      host.macros.add(macroId(standardPackage, name))
    }
    const relation = this.value(subject.id, host.ephemerals, id).text()
    return readStandardTest(test, relation, config['where'], args)
  }

  #arguments(draft: GenericDraft, host: RenderHost): Map<string, unknown> {
    const args = evaluateArguments(this.#parts.compilation, draft, host, draft.declaration)
    if (draft.column !== undefined) args.set('column_name', draft.column)
    return args
  }

  async #test(draft: GenericDraft, host: RenderHost): Promise<string> {
    const { test, namespace, subject } = draft
    const args = this.#arguments(draft, host)
    const standard = this.#standard(draft, host, args)
    if (standard !== undefined) return standardTestSql(standard, this.#keepsFailures(draft))
    const { own, all } = this.#names(draft, host)
    const macro = `test_${test}`
    const named = new Map([...args].map(([key, value]) => [key, toTemplateValue(value)]))
    own.set('tested_relation', this.value(subject.id, host.ephemerals, draft.id))
    own.set('test_arguments', named)
    own.set(
      'test_macro',
      namespace === undefined ? all.macro(macro) : all.macroOf(namespace, macro),
    )
    // A template of its own, so that a fault inside the macro names its place and the schema file's.
    const tested = this.#isReplaced(subject, draft.package) ? subject.call : 'tested_relation'
    const template = compileTemplate(
      draft.file,
      `{{ test_macro(model=get_where_subquery(${tested}), **test_arguments) }}`,
    )
    return await template.render(all)
  }

  /** Whether a project has its own `ref()` or `source()`, whichever names what is tested. */
  #isReplaced({ isSource }: Subject, owner: string): boolean {
    const { packages, root } = this.#parts.compilation.library
    return [owner, root].some((each) => packages.get(each)?.has(isSource ? 'source' : 'ref'))
  }

  #names(draft: NamedNode, host: RenderHost): Names {
    const { compilation } = this.#parts
    const { database, warnings = compilation.warnings } = host.state
    const inputs = database ? { ...compilation.inputs, database } : compilation.inputs
    const seen = { ...compilation, inputs, warnings }
    const names = makeNames(seen, draft, host, 'async', host.macros)
    for (const [name, value] of host.state.names ?? []) names.own.set(name, value)
    const { selected } = this.#reading
    if (selected !== undefined) names.own.set('selected_resources', [...selected])
    return names
  }

  /** A relation as a template sees it; an ephemeral one is noted as a CTE that the query needs. */
  value(id: string, ephemerals: Set<string>, reader: string, batch?: RenderBatch): RelationValue {
    const { drafts, relations, graph } = this.#parts
    const relation = relations.get(id) ?? { catalog: '', schema: '', name: id }
    const file = graph.sources.get(id)?.properties['external_name']
    if (typeof file === 'string') {
      return this.limited(new RelationValue(id, relation, 'external', file), reader, batch)
    }
    const draft = drafts.get(id)
    const materialized = textConfig(draft?.config ?? {}, 'materialized')
    if (draft === undefined || materialized !== 'ephemeral') {
      const read = this.#reading.deferred?.get(id) ?? relation
      return this.limited(new RelationValue(id, read, undefined, this.#lookOf(id)), reader, batch)
    }
    ephemerals.add(id)
    return new RelationValue(id, relation, 'cte', cteName(relation))
  }

  /** A source says by itself what is quoted, for everything else the project does. */
  #lookOf(id: string): Look {
    const { graph } = this.#parts
    const own = graph.sources.get(id)?.properties['quoting']
    if (own === undefined) return quotedLook(graph.quoting)
    return quotedLook(typeof own === 'object' && own !== null ? { ...own } : {})
  }

  /** The same relation, of which only a part is read where the run says so. */
  limited(value: RelationValue, reader: string, batch?: RenderBatch): RelationValue {
    const { limit } = this.#reading
    if (limit === undefined && batch === undefined) return value
    const { graph } = this.#parts
    const target = graph.nodes.get(value.id) ?? graph.sources.get(value.id)
    const node = graph.nodes.get(reader)
    if (target === undefined || node === undefined) return value
    const printed = value.text()
    const limited = limit?.(printed, target, node) ?? printed
    const text = batch?.limit(limited, target) ?? limited
    return text === printed ? value : new RelationValue(value.id, value.relation, value.kind, text)
  }

  /** `graph` as dbt's templates walk it. */
  graph(): unknown {
    const { compilation, graph } = this.#parts
    const { describeNode } = compilation.inputs
    if (describeNode === undefined) return new Map()
    const entries = (nodes: ReadonlyMap<string, Parameters<typeof describeNode>[0]>) =>
      Object.fromEntries([...nodes].map(([id, node]) => [id, describeNode(node, graph)]))
    const of = (kind: string) =>
      entries(new Map([...graph.described].filter(([, node]) => node.kind === kind)))
    return toTemplateValue({
      nodes: entries(graph.nodes),
      sources: entries(graph.sources),
      exposures: of('exposure'),
      metrics: of('metric'),
      semantic_models: of('semantic_model'),
      saved_queries: of('saved_query'),
      groups: Object.fromEntries([...graph.groups].map(([id, group]) => [id, { ...group }])),
    })
  }

  /** `model` as templates see it. */
  describe(id: string): unknown {
    const { compilation, graph } = this.#parts
    const { describeNode } = compilation.inputs
    const node = graph.nodes.get(id)
    return node && describeNode && toTemplateValue(describeNode(node, graph))
  }

  get index(): NameIndex {
    return this.#parts.index
  }

  /** CTEs of ephemeral models, each after those it reads. */
  async #collectCtes(
    ids: Iterable<string>,
    state: RenderState,
    ctes: (Cte & { readonly id: string })[],
  ): Promise<readonly (Cte & { readonly id: string })[]> {
    for (const id of ids) {
      const draft = this.#parts.drafts.get(id)
      const relation = this.#parts.relations.get(id)
      if (draft === undefined || relation === undefined) continue
      if (ctes.some((known) => known.id === id)) continue
      const body =
        this.#bodies.get(id) ??
        this.#body(draft, { ...state, isIncremental: false, batch: undefined })
      this.#bodies.set(id, body)
      const { sql, ephemerals } = await body
      await this.#collectCtes(ephemerals, state, ctes)
      ctes.push({ id, name: cteName(relation), sql })
    }
    return ctes
  }
}

/** dbt cuts the blanks around a file before it renders it: blanks that rendering makes stay. */
function withoutOuterBlanks(source: string, text: string): string {
  const [before = ''] = /^\s*/.exec(source) ?? []
  const inner = text.startsWith(before) ? text.slice(before.length) : text.trimStart()
  return inner.trimEnd()
}

type Body = {
  readonly sql: string
  readonly macros: ReadonlySet<string>
  readonly ephemerals: ReadonlySet<string>
}

function cteName({ name }: Relation): string {
  return `__dbt__cte__${name}`
}

type Rendered = {
  readonly id: string
  readonly name: string
  readonly package: string
  readonly config: Config
}

class RenderHost implements NodeHost {
  readonly execute = true
  readonly ephemerals = new Set<string>()
  readonly macros = new Set<string>()
  readonly #renderer: Renderer
  readonly #node: Rendered
  readonly #work: NodeWork
  readonly state: RenderState

  constructor(renderer: Renderer, node: Rendered, state: RenderState, work: NodeWork = {}) {
    this.#renderer = renderer
    this.#node = node
    this.#work = work
    this.state = state
  }

  compiledCode(): string | undefined {
    return this.#work.code
  }

  seedTable(): unknown {
    return this.#work.seedTable
  }

  write(code: string): void {
    this.#work.write?.(code)
  }

  #read(id: string): RelationValue {
    return this.#renderer.value(id, this.ephemerals, this.#node.id, this.state.batch)
  }

  ref(parts: readonly string[], version: string | undefined): RelationValue {
    const id = this.#renderer.index.findRef({ parts, version }, this.#node.package)
    if (id !== undefined) return this.#read(id)
    const parameters = { node: this.#node.name, ref: parts.join('.'), nearest: undefined }
    throw problem('model/unknown-ref', parameters)
  }

  source(source: string, table: string): RelationValue {
    const id = this.#renderer.index.findSource({ source, table }, this.#node.package)
    if (id !== undefined) return this.#read(id)
    const parameters = { node: this.#node.name, source: `${source}.${table}`, nearest: undefined }
    throw problem('model/unknown-source', parameters)
  }

  function(parts: readonly string[]): RelationValue {
    const id = this.#renderer.index.findFunction(parts, this.#node.package)
    if (id !== undefined) return this.#read(id)
    const parameters = { node: this.#node.name, ref: parts.join('.'), nearest: undefined }
    throw problem('model/unknown-ref', parameters)
  }

  metric(parts: readonly string[]): string {
    return parts.at(-1) ?? ''
  }

  model(): unknown {
    const model = this.#renderer.describe(this.#node.id)
    const { code } = this.#work
    const { batch } = this.state
    if (!(model instanceof Map)) return model
    return new Map<unknown, unknown>([
      ...model,
      ...(code === undefined
        ? []
        : [['compiled', true] as const, ['compiled_code', code] as const]),
      ...(batch === undefined ? [] : [['batch', batchValue(batch)] as const]),
    ])
  }

  config(): void {}

  readConfig(): Config {
    const { config } = this.#work
    return config === undefined ? this.#node.config : { ...this.#node.config, ...config }
  }

  isIncremental(): boolean {
    return this.state.isIncremental
  }

  graph(): unknown {
    return this.#renderer.graph()
  }

  newRows(relation: unknown): unknown {
    if (!(relation instanceof RelationValue)) {
      const reason = 'needs a ref() or a source()'
      throw problem('model/new-rows-misused', { node: this.#node.name, reason })
    }
    const unseen = this.state.unseenOf?.(relation.id)
    const since = unseen === undefined ? '' : ` where ${unseenSql(unseen)}`
    const { id, relation: path } = relation
    const isLimited = this.#renderer.readingOf(id) === 'limited'
    // Rows have no numbers any more once only a part of them is read.
    const from = isLimited ? quoteRelation(path.catalog, path.schema, path.name) : relation.text()
    const rows = `(select rowid, * from ${from}${since})`
    const value = new RelationValue(id, path, 'cte', rows)
    return isLimited ? this.#renderer.limited(value, this.#node.id) : value
  }
}

/** Rows that this transaction itself has written have no snapshot yet. */
function unseenSql({ watermark, after }: UnseenRows): string {
  const numbered = `rowid >= ${watermark}`
  return after === undefined
    ? numbered
    : `${numbered} and (snapshot_id > ${after} or snapshot_id is null)`
}

function batchValue({ id, start, end }: RenderBatch): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ['id', id],
    ['event_time_start', PythonTime.at(start, utc)],
    ['event_time_end', PythonTime.at(end, utc)],
  ])
}
