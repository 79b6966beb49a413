/** Metrics that a training job prints, found by the regular expressions of its MetricDefinitions. */
import type { MetricDefinition } from '@aws-sdk/client-sagemaker'
import type { Checked } from '../api/checked.ts'
import { invalid } from '../api/refusal.ts'
import type { MetricValue } from './job.ts'

export type MetricFinder = (line: string, now: number) => readonly MetricValue[]

/**
 * Makes what looks for metrics in a line of output: the first group of each expression is the value.
 * @throws a `ValidationException` for an expression that is none
 */
export function metricFinder(definitions: readonly Checked<MetricDefinition>[] = []): MetricFinder {
  const compiled = definitions.map(({ Name, Regex }) => ({ name: Name, pattern: compile(Regex) }))
  return (line, now) =>
    compiled.flatMap(({ name, pattern }) => {
      const text = pattern.exec(line)?.[1]
      const value = Number(text)
      return text === undefined || text.trim() === '' || !Number.isFinite(value)
        ? []
        : [{ name, value, at: now }]
    })
}

/** Python's named groups are written with a P. */
function compile(regex: string): RegExp {
  try {
    return new RegExp(regex.replaceAll('(?P<', '(?<'))
  } catch {
    throw invalid(`Invalid metric definition regex: ${regex}`)
  }
}

/** The last value of each metric. */
export function withMetrics(
  known: readonly MetricValue[],
  found: readonly MetricValue[],
): readonly MetricValue[] {
  return [...new Map([...known, ...found].map((metric) => [metric.name, metric])).values()]
}
