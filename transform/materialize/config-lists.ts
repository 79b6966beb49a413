/** Configs that may be one text or a list of texts, read the way dbt-duckdb reads them. */
import { problem } from '../../core/problems.ts'
import type { ModelNode, SeedNode } from '../compile/graph.ts'

/** @returns undefined when nobody has set it @throws `model/invalid-config` */
export function textList(node: ModelNode | SeedNode, key: string): string[] | undefined {
  const value = node.config[key]
  if (value === undefined || value === null) return undefined
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length === list.length) return texts
  throw invalidConfig(node, key, 'must be a text or a list of texts')
}

/** The first of some spellings that is set; an empty text counts as none. @throws `model/invalid-config` */
export function nonEmptyList(
  node: ModelNode | SeedNode,
  keys: readonly string[],
): string[] | undefined {
  const key = keys.find((name) => !['', null, undefined].some((none) => none === node.config[name]))
  const list = key === undefined ? undefined : textList(node, key)
  if (list?.length !== 0) return list
  throw invalidConfig(node, keys.join('/'), 'must contain at least one column')
}

export function invalidConfig(node: ModelNode | SeedNode, key: string, reason: string) {
  const parameters = { node: node.name, key, reason }
  return problem('model/invalid-config', parameters, { at: { file: node.file } })
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
