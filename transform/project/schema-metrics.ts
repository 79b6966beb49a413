/** Metrics: the older form with `type_params:` and measures, and the newer one that stands in a model. */
import {
  aggregations,
  measureInput,
  periodAggregations,
  readFilter,
  readGranularity,
  readMeasureInput,
  readMetricInput,
  readMetricInputs,
  readOptionalWord,
  readWindow,
  readWord,
} from './metric-params.ts'
import type { Config, Entry } from './project-properties.ts'
import type { Metric } from './project-semantic.ts'
import { readEntry, type SchemaPlace } from './schema-entry.ts'
import type { YamlNode } from './yaml-node.ts'

const types = ['simple', 'ratio', 'cumulative', 'derived', 'conversion']
const calculations = ['conversions', 'conversion_rate']
const sharedKeys = [
  'name',
  'type',
  'label',
  'description',
  'filter',
  'time_granularity',
  'config',
  'meta',
  'tags',
  'enabled',
]
const olderKeys = [...sharedKeys, 'type_params']
const newerKeys = [
  ...sharedKeys,
  'hidden',
  'agg',
  'percentile',
  'percentile_type',
  'join_to_timespine',
  'fill_nulls_with',
  'expr',
  'non_additive_dimension',
  'agg_time_dimension',
  'window',
  'grain_to_date',
  'period_agg',
  'input_metric',
  'numerator',
  'denominator',
  'input_metrics',
  'entity',
  'calculation',
  'base_metric',
  'conversion_metric',
  'constant_properties',
]

/** What every `type_params` of the manifest has. */
export const noTypeParams: Config = {
  measure: null,
  input_measures: [],
  numerator: null,
  denominator: null,
  expr: null,
  window: null,
  grain_to_date: null,
  metrics: [],
  conversion_type_params: null,
  cumulative_type_params: null,
  metric_aggregation_params: null,
  fill_nulls_with: null,
  join_to_timespine: false,
  is_private: null,
}

/** The model that holds metrics of the newer form. */
export type MetricOwner = {
  readonly semanticModel: string
  readonly aggTimeDimension: string | undefined
}

/** @param owner the model that the metric stands in; undefined at the top of a file */
export function readMetric(node: YamlNode, place: SchemaPlace, owner?: MetricOwner): Metric[] {
  const isOlder = owner === undefined && node.has('type_params')
  return readEntry(node, place, isOlder ? olderKeys : newerKeys, []).map((entry) => {
    checkName(node, entry.name)
    const type = (node.has('type') ? readWord(node, 'type', types) : undefined) ?? 'simple'
    if (isOlder && !node.has('label')) node.wrong('needs a label')
    const inner = node.child('config').object('meta')
    return {
      ...entry,
      unrendered: entry.config,
      label: node.optionalText('label') ?? entry.name,
      type,
      typeParams: isOlder ? readOlder(node, type) : readNewer(node, type, owner),
      filter: readFilter(node, 'filter'),
      timeGranularity: node.optionalText('time_granularity'),
      meta: isOlder ? (Object.keys(inner).length > 0 ? inner : node.object('meta')) : {},
      tags: isOlder ? (node.texts('tags') ?? []) : [],
      semanticModel: type === 'simple' ? owner?.semanticModel : undefined,
    }
  })
}

function checkName(node: YamlNode, name: string): void {
  if (/^[A-Za-z]\w*$/.test(name) && name.length <= 250) return
  node.child('name').wrong('must be letters, digits and _, at most 250, and begin with a letter')
}

function readOlder(node: YamlNode, type: string): Config {
  const params = node.child('type_params')
  const measure = readMeasureInput(params, 'measure')
  return {
    ...noTypeParams,
    measure,
    numerator: readMetricInput(params, 'numerator'),
    denominator: readMetricInput(params, 'denominator'),
    expr: params.optionalText('expr') ?? null,
    window: readWindow(params, 'window'),
    grain_to_date: readGranularity(params, 'grain_to_date'),
    metrics: readMetricInputs(params, 'metrics'),
    conversion_type_params: readOlderConversion(params),
    cumulative_type_params: type === 'cumulative' ? readOlderCumulative(params) : null,
  }
}

function readOlderConversion(params: YamlNode): Config | null {
  if (!params.has('conversion_type_params')) return null
  const node = params.child('conversion_type_params')
  for (const key of ['base_measure', 'conversion_measure', 'entity']) {
    if (!node.has(key)) node.wrong(`needs ${key}`)
  }
  return {
    ...readConversion(node),
    base_measure: readMeasureInput(node, 'base_measure'),
    conversion_measure: readMeasureInput(node, 'conversion_measure'),
    base_metric: null,
    conversion_metric: null,
  }
}

function readConversion(node: YamlNode): Config {
  const properties = node.items('constant_properties').map(({ value }) => value)
  return {
    entity: node.text('entity', ''),
    calculation: readOptionalWord(node, 'calculation', calculations) ?? 'conversion_rate',
    window: readWindow(node, 'window'),
    constant_properties: properties.length > 0 ? properties : null,
  }
}

/** Window and grain also count where they stood before they got a map of their own. */
function readOlderCumulative(params: YamlNode): Config {
  const node = params.child('cumulative_type_params')
  for (const key of ['window', 'grain_to_date']) {
    if (params.has(key)) params.child(key).deprecated('MFCumulativeTypeParamsDeprecation')
  }
  const grain = node.optionalText('grain_to_date') ?? params.optionalText('grain_to_date')
  return {
    window: readWindow(node.has('window') ? node : params, 'window'),
    grain_to_date: grain ?? null,
    period_agg: readOptionalWord(node, 'period_agg', periodAggregations) ?? 'first',
    metric: null,
  }
}

function readNewer(node: YamlNode, type: string, owner: MetricOwner | undefined): Config {
  if (type === 'simple' && !node.has('agg')) node.wrong('is simple and needs agg')
  if (node.has('agg') && owner === undefined) {
    node.wrong('has agg, and so belongs under metrics: of a model with a semantic_model')
  }
  return {
    ...noTypeParams,
    numerator: readMetricInput(node, 'numerator'),
    denominator: readMetricInput(node, 'denominator'),
    expr: node.optionalText('expr') ?? null,
    metrics: readMetricInputs(node, 'input_metrics'),
    conversion_type_params: type === 'conversion' ? readNewerConversion(node) : null,
    cumulative_type_params: type === 'cumulative' ? readNewerCumulative(node) : null,
    metric_aggregation_params: node.has('agg') ? readAggregation(node, owner) : null,
    join_to_timespine: node.optionalFlag('join_to_timespine') ?? false,
    is_private: node.optionalFlag('hidden') ?? false,
  }
}

function readNewerConversion(node: YamlNode): Config {
  for (const key of ['base_metric', 'conversion_metric', 'entity']) {
    if (!node.has(key)) node.wrong(`is a conversion and needs ${key}`)
  }
  return {
    ...readConversion(node),
    // dbt 1.12 reads them and leaves them out.
    constant_properties: null,
    base_measure: null,
    conversion_measure: null,
    base_metric: readMetricInput(node, 'base_metric'),
    conversion_metric: readMetricInput(node, 'conversion_metric'),
  }
}

function readNewerCumulative(node: YamlNode): Config {
  if (!node.has('input_metric')) node.wrong('is cumulative and needs input_metric')
  return {
    window: readWindow(node, 'window'),
    grain_to_date: node.optionalText('grain_to_date') ?? null,
    period_agg: readOptionalWord(node, 'period_agg', periodAggregations) ?? 'first',
    metric: readMetricInput(node, 'input_metric'),
  }
}

function readAggregation(node: YamlNode, owner: MetricOwner | undefined): Config {
  const kind = node.optionalText('percentile_type')?.toLowerCase()
  const dimension = node.child('non_additive_dimension')
  return {
    semantic_model: owner?.semanticModel ?? '',
    agg: readWord(node, 'agg', aggregations),
    agg_params: {
      percentile: node.get('percentile') ?? null,
      use_discrete_percentile: kind === 'discrete',
      use_approximate_percentile: kind === 'continuous',
    },
    agg_time_dimension: node.optionalText('agg_time_dimension') ?? owner?.aggTimeDimension ?? null,
    non_additive_dimension: node.has('non_additive_dimension')
      ? {
          name: dimension.text('name', ''),
          window_choice: readWord(dimension, 'window_agg', aggregations),
          window_groupings: dimension.texts('group_by') ?? [],
        }
      : null,
  }
}

/** The metric that `create_metric: true` makes of a measure; it has the config of the semantic model. */
export function metricOfMeasure(measure: Config, model: Entry): Metric {
  const name = String(measure['name'])
  const text = (key: string) => (typeof measure[key] === 'string' ? measure[key] : undefined)
  const { enabled = true, meta } = model.config
  const config = { enabled, meta: { ...(typeof meta === 'object' ? meta : {}) } }
  return {
    ...model,
    name,
    description: text('description') || `Metric created from measure ${name}`,
    config,
    unrendered: config,
    label: text('label') || name,
    type: 'simple',
    typeParams: { ...noTypeParams, measure: measureInput(name), expr: text('expr') ?? name },
    filter: null,
    timeGranularity: undefined,
    meta: config.meta,
    tags: [],
    semanticModel: model.name,
  }
}
