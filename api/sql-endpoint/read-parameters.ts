/** The parameters of one request, checked against what the endpoint declares. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { ParameterSpec } from './header.ts'
import { type ParameterValue, parseValue } from './parse-value.ts'

/**
 * Reads all declared parameters; those not given take their default.
 * @param path values that stand in the path
 * @throws `api/unknown-parameter`, `api/invalid-parameter`
 */
export function readParameters(
  specs: Readonly<Record<string, ParameterSpec>>,
  query: URLSearchParams,
  path: ReadonlyMap<string, string>,
): Map<string, ParameterValue> {
  const known = Object.keys(specs).filter((name) => !path.has(name))
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw problem('api/unknown-parameter', { name, known, nearest: nearest(name, known) })
    }
    if (query.getAll(name).length > 1) {
      throw problem('api/invalid-parameter', { name, reason: 'is given more than once' })
    }
  }
  const values = new Map<string, ParameterValue>()
  for (const [name, spec] of Object.entries(specs)) {
    const text = path.get(name) ?? query.get(name) ?? undefined
    values.set(name, text === undefined ? defaultOf(name, spec) : parseValue(name, text, spec))
  }
  return values
}

function defaultOf(name: string, spec: ParameterSpec): ParameterValue {
  if (spec.default === undefined) {
    throw problem('api/invalid-parameter', { name, reason: 'is missing' })
  }
  return spec.default === null ? null : parseValue(name, String(spec.default), spec)
}
