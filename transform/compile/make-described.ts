/** Exposures, metrics, semantic models, saved queries and unit tests → nodes. */
import { MillraceError } from '../../core/errors.ts'
import { compileTemplate } from '../jinja/template.ts'
import { withPosition } from '../jinja/with-position.ts'
import type { Config, Project } from '../project/project.ts'
import type { Entry } from '../project/project-properties.ts'
import type { SavedQuery, SavedQueryExport } from '../project/project-semantic.ts'
import { type Compilation, configWithoutHeader, makeNames, writtenConfig } from './drafts.ts'
import type { DescribedNode, UnitTestNode } from './graph.ts'
import { described, type NodeContext } from './make-nodes.ts'
import { nameRelation } from './name-relations.ts'
import { ParseHost } from './parse-host.ts'

type ConfigKind = Parameters<typeof configWithoutHeader>[1]

export type Drafted<T> = { readonly node: T; readonly isEnabled: boolean }

export function makeDescribed(context: NodeContext): Drafted<DescribedNode>[] {
  const { project } = context.compilation
  return [
    ...project.exposures.map((entry) => {
      const calls = entry.dependsOn.filter((call) => !/^\s*metric\s*\(/.test(call))
      const metrics = entry.dependsOn.flatMap(metricOf)
      const { type, owner, label, maturity, url } = entry
      const properties = {
        type,
        owner,
        label,
        maturity,
        url,
        metrics: metrics.map((name) => [name]),
      }
      const others = metrics.flatMap((name) => metricId(project, name, entry.package))
      return makeOne(context, 'exposure', 'exposures', entry, calls, properties, others)
    }),
    ...project.semanticModels.map((entry) => {
      const { model, label, defaults, primaryEntity, entities, measures, dimensions } = entry
      const properties = {
        model,
        label,
        defaults,
        primary_entity: primaryEntity,
        entities,
        measures,
        dimensions,
      }
      return makeOne(context, 'semantic_model', 'semanticModels', entry, [model], properties)
    }),
    ...project.metrics.map((entry) => {
      const { label, type, typeParams, filter, timeGranularity } = entry
      const properties = {
        label,
        type,
        type_params: typeParams,
        filter: filter ?? null,
        time_granularity: timeGranularity ?? null,
      }
      const needs = metricNeeds(project, typeParams, entry.package)
      // dbt keeps what is said beside a metric apart from its config.
      const { tags, meta } = entry
      return makeOne(context, 'metric', 'metrics', entry, [], properties, needs, { tags, meta })
    }),
    ...project.savedQueries.map((entry) => {
      const { label, queryParams } = entry
      const exports = entry.exports.map((each) => withRelation(context, entry, each))
      const properties = { label, query_params: queryParams, exports }
      const metrics = namesIn(queryParams['metrics'])
      const needs = metrics.flatMap((name) => metricId(project, name, entry.package))
      return makeOne(context, 'saved_query', 'savedQueries', entry, [], properties, needs)
    }),
  ]
}

/** An export is written where a model of its name and config would be; its schema, when it says one, as it says it. */
function withRelation(
  { compilation }: NodeContext,
  entry: SavedQuery,
  { name, config, ...rest }: SavedQueryExport,
): SavedQueryExport {
  const { package: owner, folders, file } = entry
  const fqn = [owner, ...folders, name]
  const node = {
    name,
    id: `saved_query.${owner}.${entry.name}`,
    file,
    fqn,
    package: owner,
    kind: 'saved_query',
  }
  const said = {
    ...(config.schema_name !== null && { schema: config.schema_name }),
    ...(config.database !== null && { database: config.database }),
  }
  const { catalog, schema } = nameRelation(compilation, node, said)
  const place = { schema_name: config.schema_name ?? schema, database: catalog }
  return { name, ...rest, config: { ...config, ...place } }
}

function makeOne(
  context: NodeContext,
  kind: DescribedNode['kind'],
  configKind: ConfigKind,
  entry: Entry,
  calls: readonly string[],
  properties: Config,
  others: readonly string[] = [],
  said: { readonly tags?: readonly string[]; readonly meta?: Config } = {},
): Drafted<DescribedNode> {
  const { compilation } = context
  const fqn = [entry.package, ...entry.folders, entry.name]
  const merged = configWithoutHeader(compilation.project, configKind, fqn, entry.config)
  const config =
    kind === 'exposure' ? { ...merged, ...metaOfExposure(context, fqn, entry) } : merged
  const id = `${kind}.${entry.package}.${entry.name}`
  const named = { ...entry, id, fqn, kind, path: pathOf(entry) }
  const isEnabled = config['enabled'] !== false
  const asked = readCalls(compilation, named, calls)
  const ids = isEnabled ? lookUp(context, named, asked) : []
  const node: DescribedNode = {
    ...described(context, named, config, entry),
    ...said,
    kind,
    dependencies: [...new Set([...ids, ...others])],
    refs: asked.refs,
    sources: asked.sources,
    properties,
    unrenderedConfig: writtenConfig(compilation, configKind, fqn, entry, {}),
  }
  return { node, isEnabled }
}

/** As in dbt: a meta under `config:` takes the place of that of project files, one beside it stands behind theirs. */
function metaOfExposure(
  { compilation: { project } }: NodeContext,
  fqn: readonly string[],
  { config: { meta }, unrendered }: Entry,
): Config {
  if (!isConfig(meta)) return {}
  if (isConfig(unrendered['meta'])) return { meta }
  const { meta: ofFolders } = configWithoutHeader(project, 'exposures', fqn, {})
  return { meta: isConfig(ofFolders) ? { ...meta, ...ofFolders } : meta }
}

function pathOf({ file, folders }: Entry): string {
  return [...folders, file.slice(file.lastIndexOf('/') + 1)].join('/')
}

/** What calls such as `ref('x')` name. */
function readCalls(
  compilation: Compilation,
  node: Parameters<typeof makeNames>[1] & Pick<Entry, 'at'>,
  calls: readonly string[],
): ParseHost {
  const asked = new ParseHost({})
  for (const call of calls) {
    try {
      const { all } = makeNames(compilation, node, asked, 'sync')
      compileTemplate(node.at.file, `{{ ${call} }}`).renderSync(all)
    } catch (error) {
      // check-references.ts says what is wrong with it, of entries too that could not become nodes.
      if (!(error instanceof MillraceError)) throw error
    }
  }
  return asked
}

function lookUp(
  { index }: NodeContext,
  node: Pick<Entry, 'name' | 'package' | 'file' | 'at'>,
  { refs, sources }: ParseHost,
): readonly string[] {
  return index.resolve(node, refs, sources).ids
}

/** `metric('revenue')` of an exposure. */
function metricOf(call: string): string[] {
  const found = /^\s*metric\s*\((.*)\)\s*$/s.exec(call)?.[1] ?? ''
  const names = [...found.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, two]) => one ?? two ?? '')
  return names.slice(-1)
}

function metricId({ metrics }: Project, name: string, owner: string): string[] {
  const named = metrics.filter((metric) => metric.name === name)
  const found = named.find((metric) => metric.package === owner) ?? named[0]
  return found === undefined ? [] : [`metric.${found.package}.${found.name}`]
}

/** Semantic models whose measures a metric takes, and the metrics it is made of. */
function metricNeeds(project: Project, params: Config, owner: string): string[] {
  const conversion = params['conversion_type_params']
  const { base_measure: base, conversion_measure: converted } = isConfig(conversion)
    ? conversion
    : {}
  const measures = new Set([params['measure'], base, converted].flatMap(namesIn))
  const models = project.semanticModels.filter((model) =>
    namesIn(model.measures).some((name) => measures.has(name)),
  )
  const inputs = [params['numerator'], params['denominator'], params['metrics']].flatMap(namesIn)
  return [
    ...models.map((model) => `semantic_model.${model.package}.${model.name}`),
    ...inputs.flatMap((name) => metricId(project, name, owner)),
  ]
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Names in `x`, `{name: x}` or a list of these. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value !== 'object' || value === null || !('name' in value)) return []
  return [String(value.name)]
}

/** One node for each unit test, or for each version of its model. */
export function makeUnitTests(context: NodeContext): Drafted<UnitTestNode>[] {
  const { compilation, index } = context
  const { project } = compilation
  return project.unitTests.flatMap((entry) => {
    const versions = versionsUnderTest(project, entry)
    return versions.map((version): Drafted<UnitTestNode> => {
      const suffix = version === undefined ? '' : `_v${version}`
      const id = `unit_test.${entry.package}.${entry.model}.${entry.name}${suffix}`
      const fqn = [entry.package, ...entry.folders, entry.model, entry.name]
      const config = configWithoutHeader(project, 'unitTests', fqn, entry.config)
      const named = { ...entry, id, fqn, kind: 'unit_test', path: pathOf(entry) }
      const isEnabled = config['enabled'] !== false
      const under = {
        parts: [entry.model],
        version: version === undefined ? undefined : String(version),
      }
      const found = index.resolve(named, [under], [])
      if (isEnabled) {
        compilation.problems.push(...found.problems.map((fault) => withPosition(fault, entry.at)))
      }
      const node: UnitTestNode = {
        ...described(context, named, config, entry),
        kind: 'unit_test',
        model: entry.model,
        dependencies: found.ids,
        properties: {
          given: entry.given.map(({ at: _, ...given }) => withFixture(project, given)),
          expect: withFixture(project, entry.expect),
          overrides: entry.overrides ?? null,
          versions: entry.versions ?? null,
        },
        version,
      }
      return { node, isEnabled }
    })
  })
}

type Rows = Pick<Project['unitTests'][number]['expect'], 'format' | 'rows' | 'fixture'>

/** Rows of a fixture file in the place of its name, and text without the line break that YAML leaves. */
function withFixture<T extends Rows>({ fixtures }: Project, rows: T): T {
  const { format, fixture } = rows
  const file = fixtures.find(({ name }) => name === fixture)
  if (file !== undefined) return { ...rows, rows: file.text.trim() }
  if (format !== 'sql' || typeof rows.rows !== 'string') return rows
  return { ...rows, rows: rows.rows.replace(/\n$/, '') }
}

function versionsUnderTest(
  { properties }: Project,
  { package: owner, model, versions: rule }: Project['unitTests'][number],
): (string | number | undefined)[] {
  const entry = properties.find(
    (found) => found.kind === 'model' && found.name === model && found.package === owner,
  )
  const all = entry?.versions.map(({ v }) => v) ?? []
  if (all.length === 0) return [undefined]
  const includes = (list: readonly (string | number)[], v: string | number) =>
    list.some((one) => String(one) === String(v))
  return all.filter((v) => {
    if (rule?.include !== undefined) return includes(rule.include, v)
    return rule?.exclude === undefined || !includes(rule.exclude, v)
  })
}
