/** Renders nodes to SQL once every name is known: refs become relations, ephemeral models become CTEs. */
import { problem } from '../../core/problems.ts'
import { compileTemplate } from '../jinja/template.ts'
import { toTemplateValue } from '../jinja/values.ts'
import type { Config } from '../project/project.ts'
import { evaluateArguments, type GenericDraft } from './draft-tests.ts'
import { type Compilation, makeNames, type SqlDraft } from './drafts.ts'
import { type Relation, textConfig } from './graph.ts'
import { type NameIndex, sourceId } from './index-names.ts'
import { type Cte, injectCtes } from './inject-ctes.ts'
import type { NodeHost } from './node-names.ts'
import { RelationValue } from './relation-value.ts'
import { tagsOf } from './resolve-config.ts'

/** What is known of the database when a node is rendered. */
export type RenderState = {
  readonly isIncremental: boolean
  /** First rowid of an upstream that the node has not seen; undefined: all rows are new. */
  readonly watermarkOf?: (upstream: string) => bigint | undefined
}

const fullBuild: RenderState = { isIncremental: false }

export class Renderer {
  readonly #compilation: Compilation
  readonly #index: NameIndex
  readonly #drafts: ReadonlyMap<string, SqlDraft>
  readonly #relations: ReadonlyMap<string, Relation>
  readonly #ctes = new Map<string, Promise<string>>()

  /** @param relations of models, seeds and sources, by id */
  constructor(
    compilation: Compilation,
    index: NameIndex,
    drafts: ReadonlyMap<string, SqlDraft>,
    relations: ReadonlyMap<string, Relation>,
  ) {
    this.#compilation = compilation
    this.#index = index
    this.#drafts = drafts
    this.#relations = relations
  }

  /**
   * The SQL of a model or singular test.
   * @throws `model/template-failed` and whatever a macro raises
   */
  async render(id: string, state: RenderState = fullBuild): Promise<string> {
    const draft = this.#drafts.get(id)
    if (draft === undefined) return ''
    const host = new RenderHost(this, draft, state)
    const { own, all } = makeNames(this.#compilation, draft, host, 'async')
    const relation = this.#relations.get(id)
    if (relation !== undefined) own.set('this', new RelationValue(id, relation))
    const sql = await draft.template.render(all)
    return await this.#withCtes(sql.trim(), host.ephemerals)
  }

  /** The query of a generic test. */
  async renderTest(draft: GenericDraft): Promise<string> {
    const host = new RenderHost(this, draft, fullBuild)
    const compilation = this.#compilation
    const args = evaluateArguments(compilation, draft, host, draft.declaration)
    const relation = this.value(draft.subject, host.ephemerals)
    const sql = await this.#testSql(draft, host, relation, args)
    return await this.#withCtes(sql.trim(), host.ephemerals)
  }

  async #testSql(
    draft: GenericDraft,
    host: NodeHost,
    relation: RelationValue,
    args: ReadonlyMap<string, unknown>,
  ): Promise<string> {
    const { test, column, at } = draft.declaration
    const [plain = test, owner] = test.split('.').reverse()
    const { own, all } = makeNames(this.#compilation, draft, host, 'async')
    const macro = `test_${plain}`
    const named = new Map([...args].map(([key, value]) => [key, toTemplateValue(value)]))
    own.set('tested_relation', relation)
    own.set('test_arguments', named)
    if (column !== undefined) named.set('column_name', column)
    own.set('test_macro', owner === undefined ? all.macro(macro) : all.macroOf(owner, macro))
    // A template of its own, so that a fault inside the macro names its place and the schema file's.
    const template = compileTemplate(
      at.file,
      '{{ test_macro(model=get_where_subquery(tested_relation), **test_arguments) }}',
    )
    return await template.render(all)
  }

  /** A relation as a template sees it; an ephemeral one is noted as a CTE that the query needs. */
  value(id: string, ephemerals: Set<string>): RelationValue {
    const relation = this.#relations.get(id) ?? { catalog: '', schema: '', name: id }
    const draft = this.#drafts.get(id)
    const materialized = textConfig(draft?.config ?? {}, 'materialized')
    if (draft === undefined || materialized !== 'ephemeral') {
      return new RelationValue(id, relation, materialized === 'view' ? 'view' : 'table')
    }
    ephemerals.add(id)
    return new RelationValue(id, relation, 'cte', cteName(draft.name))
  }

  /** `graph` as dbt's templates walk it. */
  graph(): unknown {
    const nodes = [...this.#drafts.values()].map((draft) => {
      const { id, name, file, fqn, kind, config } = draft
      const { catalog, schema, name: alias } = this.#relations.get(id) ?? nowhere
      const columns = (draft.properties?.columns ?? []).map((column) => [column.name, column])
      const node = {
        unique_id: id,
        resource_type: kind,
        name,
        alias,
        schema,
        database: catalog,
        original_file_path: file,
        path: file,
        fqn: [...fqn],
        package_name: draft.package,
        description: draft.properties?.description ?? '',
        columns: Object.fromEntries(columns),
        config,
        tags: tagsOf(config),
        meta: config['meta'] ?? {},
        raw_code: draft.source.text,
      }
      return [id, node] as const
    })
    const sources = this.#compilation.project.sources.map((table) => {
      const id = sourceId(table.package, table.source, table.name)
      const node = {
        unique_id: id,
        resource_type: 'source',
        name: table.name,
        source_name: table.source,
        identifier: table.identifier,
        schema: table.schema,
        package_name: table.package,
        description: table.description,
        config: table.config,
        tags: tagsOf(table.config),
        meta: table.config['meta'] ?? {},
      }
      return [id, node] as const
    })
    return toTemplateValue({
      nodes: Object.fromEntries(nodes),
      sources: Object.fromEntries(sources),
      exposures: {},
      metrics: {},
      groups: {},
    })
  }

  get index(): NameIndex {
    return this.#index
  }

  async #withCtes(sql: string, ephemerals: ReadonlySet<string>): Promise<string> {
    const ctes: Cte[] = []
    await this.#collectCtes(ephemerals, ctes)
    return injectCtes(sql, ctes)
  }

  /** CTEs of ephemeral models, each after those it reads. */
  async #collectCtes(ids: Iterable<string>, ctes: Cte[]): Promise<void> {
    for (const id of [...ids].sort()) {
      const draft = this.#drafts.get(id)
      if (draft === undefined || ctes.some(({ name }) => name === cteName(draft.name))) continue
      const host = new RenderHost(this, draft, fullBuild)
      const { all } = makeNames(this.#compilation, draft, host, 'async')
      const body = this.#ctes.get(id) ?? draft.template.render(all)
      this.#ctes.set(id, body)
      const sql = (await body).trim()
      await this.#collectCtes(this.#ephemeralsOf(draft), ctes)
      ctes.push({ name: cteName(draft.name), sql })
    }
  }

  #ephemeralsOf(draft: SqlDraft): string[] {
    return draft.asked.refs.flatMap((call) => {
      const id = this.#index.findRef(call, draft.package)
      const config = id === undefined ? undefined : this.#drafts.get(id)?.config
      return id !== undefined && config?.['materialized'] === 'ephemeral' ? [id] : []
    })
  }
}

const nowhere: Relation = { catalog: '', schema: '', name: '' }

function cteName(model: string): string {
  return `__dbt__cte__${model}`
}

type Rendered = { readonly name: string; readonly package: string; readonly config: Config }

class RenderHost implements NodeHost {
  readonly execute = true
  readonly ephemerals = new Set<string>()
  readonly #renderer: Renderer
  readonly #node: Rendered
  readonly #state: RenderState

  constructor(renderer: Renderer, node: Rendered, state: RenderState) {
    this.#renderer = renderer
    this.#node = node
    this.#state = state
  }

  ref(parts: readonly string[], version: string | undefined): RelationValue {
    const id = this.#renderer.index.findRef({ parts, version }, this.#node.package)
    if (id !== undefined) return this.#renderer.value(id, this.ephemerals)
    const parameters = { node: this.#node.name, ref: parts.join('.'), nearest: undefined }
    throw problem('model/unknown-ref', parameters)
  }

  source(source: string, table: string): RelationValue {
    const id = this.#renderer.index.findSource({ source, table }, this.#node.package)
    if (id !== undefined) return this.#renderer.value(id, this.ephemerals)
    const parameters = { node: this.#node.name, source: `${source}.${table}`, nearest: undefined }
    throw problem('model/unknown-source', parameters)
  }

  config(): void {}

  readConfig(): Config {
    return this.#node.config
  }

  isIncremental(): boolean {
    return this.#state.isIncremental
  }

  graph(): unknown {
    return this.#renderer.graph()
  }

  newRows(relation: unknown): unknown {
    if (!(relation instanceof RelationValue)) {
      const reason = 'needs a ref() or a source()'
      throw problem('model/new-rows-misused', { node: this.#node.name, reason })
    }
    const watermark = this.#state.watermarkOf?.(relation.id)
    const since = watermark === undefined ? '' : ` where rowid >= ${watermark}`
    const rows = `(select rowid, * from ${relation.text()}${since})`
    return new RelationValue(relation.id, relation.relation, 'cte', rows)
  }
}
