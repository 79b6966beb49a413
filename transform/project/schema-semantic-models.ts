/** Semantic models: the older form that stands by itself, and the newer one that a model and its columns hold. */
import { aggregations, readGranularity, readWord } from './metric-params.ts'
import type { Config, Properties } from './project-properties.ts'
import type { Metric, SemanticModel } from './project-semantic.ts'
import { readValidity } from './schema-columns.ts'
import { readEntry, readName, type SchemaPlace } from './schema-entry.ts'
import { metricOfMeasure, readMetric } from './schema-metrics.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

export type Semantics = {
  readonly semanticModels: readonly SemanticModel[]
  readonly metrics: readonly Metric[]
}

const keys = [
  'name',
  'model',
  'description',
  'label',
  'defaults',
  'config',
  'entities',
  'measures',
  'dimensions',
  'primary_entity',
]
const entityTypes = ['foreign', 'natural', 'primary', 'unique']
const dimensionTypes = ['categorical', 'time']

/** A semantic model, and the metrics that its measures ask for. */
export function readSemanticModel(node: YamlNode, place: SchemaPlace): Semantics {
  const made = readEntry(node, place, keys, []).map((entry) => {
    if (!node.has('model')) node.wrong("needs a model: ref('…')")
    const measures = node.items('measures').flatMap(readMeasure)
    const semanticModel: SemanticModel = {
      ...entry,
      unrendered: entry.config,
      model: node.text('model', ''),
      label: node.optionalText('label'),
      defaults: node.has('defaults') ? readDefaults(node.child('defaults')) : null,
      primaryEntity: node.optionalText('primary_entity'),
      entities: node.items('entities').flatMap(readEntity),
      measures: measures.map((measure) => ({ ...measure, create_metric: false })),
      dimensions: node.items('dimensions').flatMap(readDimension),
    }
    return { semanticModel: withMeta(semanticModel), measures }
  })
  return {
    semanticModels: made.map(({ semanticModel }) => semanticModel),
    metrics: made.flatMap(({ semanticModel, measures }) =>
      measures
        .filter((measure) => measure['create_metric'] === true)
        .map((measure) => metricOfMeasure(measure, semanticModel)),
    ),
  }
}

function readDefaults(node: YamlNode): Config {
  return { agg_time_dimension: node.optionalText('agg_time_dimension') ?? null }
}

function readEntity(node: YamlNode): Config[] {
  const name = readName(node)
  if (name === undefined) return []
  return [
    {
      name,
      type: readWord(node, 'type', entityTypes),
      description: node.optionalText('description') ?? null,
      label: node.optionalText('label') ?? null,
      role: node.optionalText('role') ?? null,
      expr: node.optionalText('expr') ?? null,
      config: metaOf(node),
    },
  ]
}

function readMeasure(node: YamlNode): Config[] {
  const name = readName(node)
  if (name === undefined) return []
  const dimension = node.child('non_additive_dimension')
  const params = node.child('agg_params')
  return [
    {
      name,
      agg: readWord(node, 'agg', aggregations),
      description: node.optionalText('description') ?? null,
      label: node.optionalText('label') ?? null,
      create_metric: node.optionalFlag('create_metric') ?? false,
      expr: node.optionalText('expr') ?? null,
      agg_params: node.has('agg_params')
        ? {
            percentile: params.get('percentile') ?? null,
            use_discrete_percentile: params.optionalFlag('use_discrete_percentile') ?? false,
            use_approximate_percentile: params.optionalFlag('use_approximate_percentile') ?? false,
          }
        : null,
      non_additive_dimension: node.has('non_additive_dimension')
        ? {
            name: dimension.text('name', ''),
            window_choice: readWord(dimension, 'window_choice', aggregations),
            window_groupings: dimension.texts('window_groupings') ?? [],
          }
        : null,
      agg_time_dimension: node.optionalText('agg_time_dimension') ?? null,
      config: metaOf(node),
    },
  ]
}

function readDimension(node: YamlNode): Config[] {
  const name = readName(node)
  if (name === undefined) return []
  const type = readWord(node, 'type', dimensionTypes)
  const params = node.child('type_params')
  const hasGrain = params.get('time_granularity') ?? node.get('granularity')
  if (type === 'time' && (hasGrain === undefined || hasGrain === null)) {
    node.deprecated('TimeDimensionsRequireGranularityDeprecation')
  }
  return [
    {
      ...dimension(name, type),
      description: node.optionalText('description') ?? null,
      label: node.optionalText('label') ?? null,
      is_partition: node.optionalFlag('is_partition') ?? false,
      type_params: node.has('type_params')
        ? typeParams(readGranularity(params, 'time_granularity'), params)
        : null,
      expr: node.optionalText('expr') ?? null,
      config: metaOf(node),
    },
  ]
}

function dimension(name: string, type: string | null): Config {
  return {
    name,
    type,
    description: null,
    label: null,
    is_partition: false,
    type_params: null,
    expr: null,
    metadata: null,
    config: { meta: {} },
    datatype: null,
  }
}

function typeParams(granularity: string | null, node: YamlNode): Config {
  return {
    time_granularity: granularity,
    validity_params: node.has('validity_params')
      ? readValidity(node.child('validity_params'))
      : null,
  }
}

function metaOf(node: YamlNode): Config {
  return { meta: node.child('config').object('meta') }
}

/** The elements' `config.meta` over that of the semantic model. */
function withMeta(model: SemanticModel): SemanticModel {
  const { meta } = model.config
  const shared = isObject(meta) ? meta : {}
  const over = (element: Config): Config => {
    const own = isObject(element['config']) ? element['config']['meta'] : {}
    return { ...element, config: { meta: { ...shared, ...(isObject(own) ? own : {}) } } }
  }
  return {
    ...model,
    entities: model.entities.map(over),
    measures: model.measures.map(over),
    dimensions: model.dimensions.map(over),
  }
}

/** What `semantic_model:` in a model makes of it, its columns and its metrics; nothing for a model with versions. */
export function readModelSemantics(
  node: YamlNode,
  place: SchemaPlace,
  properties: Properties,
): Semantics {
  const said = node.child('semantic_model')
  const isOn = said.value === true || (isObject(said.value) && said.get('enabled') !== false)
  if (!isOn || properties.versions.length > 0) return { semanticModels: [], metrics: [] }
  if (isObject(said.value)) said.warnUnknown(['name', 'enabled', 'group', 'config'])
  const name = said.text('name', properties.name)
  const config = isObject(said.value) ? configOf(said) : {}
  const derived = node.child('derived_semantics')
  const semanticModel: SemanticModel = {
    ...place,
    name,
    file: properties.file,
    description: properties.description,
    config,
    unrendered: config,
    at: properties.at,
    model: `ref('${properties.name}')`,
    label: undefined,
    defaults: readDefaults(node),
    primaryEntity: node.optionalText('primary_entity'),
    entities: [
      ...properties.columns.flatMap(entityOfColumn),
      ...derived.items('entities').flatMap(readEntity),
    ],
    measures: [],
    dimensions: [
      ...properties.columns.flatMap(dimensionOfColumn),
      ...derived.items('dimensions').flatMap(readDerivedDimension),
    ],
  }
  const owner = { semanticModel: name, aggTimeDimension: node.optionalText('agg_time_dimension') }
  return {
    semanticModels: [withMeta(semanticModel)],
    metrics: node.items('metrics').flatMap((item) => readMetric(item, place, owner)),
  }
}

function configOf(said: YamlNode): Config {
  const inner = said.child('config')
  return {
    ...(inner.has('meta') ? { meta: inner.object('meta') } : {}),
    enabled: said.get('enabled') ?? true,
    ...(said.has('group') ? { group: said.get('group') } : {}),
  }
}

type Column = Properties['columns'][number]

function entityOfColumn({ name, description, entity, meta }: Column): Config[] {
  if (entity === undefined) return []
  const empty = { label: null, role: null, expr: null, config: { meta } }
  if (typeof entity === 'string') return [{ name, type: entity, description, ...empty }]
  const inner = isObject(entity['config']) ? entity['config']['meta'] : undefined
  return [
    {
      name: entity['name'],
      type: entity['type'],
      description: entity['description'],
      ...empty,
      label: entity['label'],
      expr: entity['name'] === name ? null : name,
      config: { meta: isObject(inner) ? inner : meta },
    },
  ]
}

function dimensionOfColumn(column: Column): Config[] {
  const { name, description, meta, granularity } = column
  const said = column.dimension
  if (said === undefined) return []
  if (typeof said === 'string') return [{ ...dimension(name, said), description, config: { meta } }]
  const inner = isObject(said['config']) ? said['config']['meta'] : undefined
  return [
    {
      ...dimension(String(said['name']), String(said['type'])),
      description: said['description'],
      label: said['label'],
      is_partition: said['is_partition'],
      type_params:
        granularity === undefined
          ? null
          : { time_granularity: granularity, validity_params: said['validity_params'] },
      expr: said['name'] === name ? null : name,
      config: { meta: { ...meta, ...(isObject(inner) ? inner : {}) } },
    },
  ]
}

function readDerivedDimension(node: YamlNode): Config[] {
  return readDimension(node.withValue({ ...asMap(node), type_params: undefined })).map((found) => ({
    ...found,
    type_params: node.has('granularity')
      ? typeParams(readGranularity(node, 'granularity'), node)
      : null,
  }))
}

function asMap({ value }: YamlNode): Config {
  return isObject(value) ? value : {}
}
