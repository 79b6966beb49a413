/** `input_measures`: the measures behind a metric, its own or those of the metrics it is made of. */
import type { Config } from './project-properties.ts'
import type { Metric } from './project-semantic.ts'
import { isObject } from './yaml-file.ts'

/** The metrics with their `type_params.input_measures` filled in; a circle of metrics ends where it closes. */
export function fillInputMeasures(metrics: readonly Metric[]): Metric[] {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]))
  return metrics.map((metric) => ({
    ...metric,
    typeParams: { ...metric.typeParams, input_measures: measuresOf(metric, byName, []) },
  }))
}

function measuresOf(
  { name, type, typeParams }: Metric,
  byName: ReadonlyMap<string, Metric>,
  above: readonly string[],
): Config[] {
  if (above.includes(name)) return []
  if (type === 'conversion') {
    const params = typeParams['conversion_type_params']
    if (!isObject(params)) return []
    return unique([params['base_measure'], params['conversion_measure']])
  }
  if (type === 'simple' || type === 'cumulative') return unique([typeParams['measure']])
  const { numerator, denominator, metrics } = typeParams
  const inputs = [numerator, denominator, ...(Array.isArray(metrics) ? metrics : [])]
  return unique(
    inputs.flatMap((input) => {
      const metric = isObject(input) ? byName.get(String(input['name'])) : undefined
      return metric === undefined ? [] : measuresOf(metric, byName, [...above, name])
    }),
  )
}

function unique(measures: readonly unknown[]): Config[] {
  const seen = new Map<string, Config>()
  for (const measure of measures) {
    if (isObject(measure)) seen.set(JSON.stringify(measure), measure)
  }
  return [...seen.values()]
}
