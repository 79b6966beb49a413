/** Parts of metrics: inputs, filters, windows of time. */
import type { Config } from './project-properties.ts'
import type { WhereFilter } from './project-semantic.ts'
import { isObject } from './yaml-file.ts'
import type { YamlNode } from './yaml-node.ts'

const granularities = [
  'nanosecond',
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
]

/** `filter:` or `where:`, one text or several. */
export function readFilter(node: YamlNode, key: string): WhereFilter | null {
  const texts = node.texts(key)
  if (texts === undefined) return null
  return { where_filters: texts.map((text) => ({ where_sql_template: text })) }
}

/** `28 days` as `{count: 28, granularity: day}`; plurals of a calendar of one's own stay as they are. */
export function readWindow(node: YamlNode, key: string): Config | null {
  const text = node.optionalText(key)
  if (text === undefined) return null
  const [count = '', granularity = '', more] = text.toLowerCase().split(' ')
  if (!/^\d+$/.test(count) || granularity === '' || more !== undefined) {
    node.child(key).wrong(`is ${text}: write a number and a unit, such as 28 days`)
    return null
  }
  const single = granularity.replace(/s$/, '')
  return {
    count: Number(count),
    granularity: granularities.includes(single) ? single : granularity,
  }
}

/** A metric that another one is made of, by name or as a map. */
export function readMetricInput(node: YamlNode, key: string | number): Config | null {
  const input = node.child(key)
  if (input.value === undefined || input.value === null) return null
  if (!isObject(input.value)) return emptyInput(String(input.value))
  input.warnUnknown(['name', 'filter', 'alias', 'offset_window', 'offset_to_grain'])
  return {
    name: readInputName(input),
    filter: readFilter(input, 'filter'),
    alias: input.optionalText('alias') ?? null,
    offset_window: readWindow(input, 'offset_window'),
    offset_to_grain: input.optionalText('offset_to_grain') ?? null,
  }
}

function emptyInput(name: string): Config {
  return { name, filter: null, alias: null, offset_window: null, offset_to_grain: null }
}

export function readMetricInputs(node: YamlNode, key: string): Config[] {
  const inputs = node.items(key).map((_, index) => readMetricInput(node.child(key), index))
  return inputs.filter((input) => input !== null)
}

/** A measure that a metric is made of, by name or as a map. */
export function readMeasureInput(node: YamlNode, key: string): Config | null {
  const input = node.child(key)
  if (input.value === undefined || input.value === null) return null
  if (!isObject(input.value)) return measureInput(String(input.value))
  input.warnUnknown(['name', 'filter', 'alias', 'join_to_timespine', 'fill_nulls_with'])
  return {
    name: readInputName(input),
    filter: readFilter(input, 'filter'),
    alias: input.optionalText('alias') ?? null,
    join_to_timespine: input.optionalFlag('join_to_timespine') ?? false,
    fill_nulls_with: input.get('fill_nulls_with') ?? null,
  }
}

/** A measure without anything said about it. */
export function measureInput(name: string): Config {
  return { name, filter: null, alias: null, join_to_timespine: false, fill_nulls_with: null }
}

function readInputName(input: YamlNode): string {
  if (!input.has('name')) input.wrong('needs a name')
  return input.text('name', '')
}

/** One of the words that the manifest knows; null and a problem for any other. */
export function readWord(node: YamlNode, key: string, known: readonly string[]): string | null {
  const word = node.optionalText(key)?.toLowerCase()
  if (word !== undefined && known.includes(word)) return word
  node.child(key).wrong(`must be one of ${known.join(', ')}`)
  return null
}

/** Same, for a key that need not be there. */
export function readOptionalWord(
  node: YamlNode,
  key: string,
  known: readonly string[],
): string | null {
  return node.has(key) ? readWord(node, key, known) : null
}

/** `time_granularity` and the like. */
export function readGranularity(node: YamlNode, key: string): string | null {
  return readOptionalWord(node, key, granularities)
}

export const aggregations = [
  'sum',
  'min',
  'max',
  'count_distinct',
  'sum_boolean',
  'average',
  'percentile',
  'median',
  'count',
]

export const periodAggregations = ['first', 'last', 'average']
