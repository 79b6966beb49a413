/** The configs of the strategy `merge`, checked by dbt-duckdb's rules and in its words. */
import { problem } from '../../core/problems.ts'
import { type ModelNode, textConfig } from '../compile/graph.ts'
import type { Config } from '../project/project.ts'
import { isMap } from './config-lists.ts'

/** One `when matched` or `when not matched`, as it is written. */
export type MergeClause = Config

export type MergeConfig = {
  readonly updateCondition: string | undefined
  readonly insertCondition: string | undefined
  readonly usingColumns: readonly string[]
  readonly updateColumns: readonly string[]
  readonly excludeColumns: readonly string[]
  /** Column → expression. */
  readonly setExpressions: Readonly<Record<string, unknown>>
  readonly returning: readonly string[]
  /** Undefined where the defaults hold. */
  readonly whenMatched: readonly MergeClause[] | undefined
  readonly whenNotMatched: readonly MergeClause[] | undefined
}

const fields = {
  merge_update_condition: 'text',
  merge_insert_condition: 'text',
  merge_on_using_columns: 'list',
  merge_update_columns: 'list',
  merge_update_set_expressions: 'map',
  merge_exclude_columns: 'list',
  merge_returning_columns: 'list',
} as const

/** Those that `merge_clauses` takes the place of. */
const basic = Object.keys(fields).filter(
  (name) => name !== 'merge_on_using_columns' && name !== 'merge_returning_columns',
)
const clauseKinds = ['when_matched', 'when_not_matched'] as const

/** @throws `model/compiler-error` with every mistake */
export function readMergeConfig(model: ModelNode, isDucklake: boolean): MergeConfig {
  const { config } = model
  const errors = [
    ...Object.entries(fields).flatMap(([name, kind]) => checkField(name, kind, config[name])),
    ...checkClauses(config),
  ]
  if (errors.length === 0 && isDucklake) errors.push(...checkDucklake(config))
  if (errors.length > 0) {
    const reason = `MERGE configuration errors:\n${errors.join('\n')}`
    throw problem('model/compiler-error', { reason }, { at: { file: model.file } })
  }
  const expressions = config['merge_update_set_expressions']
  return {
    updateCondition: textConfig(config, 'merge_update_condition'),
    insertCondition: textConfig(config, 'merge_insert_condition'),
    usingColumns: listOf(config['merge_on_using_columns']).map(String),
    updateColumns: listOf(config['merge_update_columns']).map(String),
    excludeColumns: listOf(config['merge_exclude_columns']).map(String),
    setExpressions: isMap(expressions) ? expressions : {},
    returning: listOf(config['merge_returning_columns']).map(String),
    whenMatched: clausesOf(config, 'when_matched'),
    whenNotMatched: clausesOf(config, 'when_not_matched'),
  }
}

function checkField(name: string, kind: 'text' | 'list' | 'map', value: unknown): string[] {
  if (value === undefined || value === null) return []
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? [] : [`${name} must be a string, found: ${shown(value)}`]
    case 'map':
      return isMap(value) ? [] : [`${name} must be a dictionary, found: ${shown(value)}`]
    case 'list': {
      if (!Array.isArray(value)) return [`${name} must be a list`]
      const strange = listOf(value).filter((item) => typeof item !== 'string')
      return strange.map((item) => `${name} must contain only string values, found: ${shown(item)}`)
    }
    default:
      return kind satisfies never
  }
}

function checkClauses(config: Config): string[] {
  const clauses = config['merge_clauses']
  if (clauses === undefined || clauses === null) return []
  if (!isMap(clauses)) return [`merge_clauses must be a dictionary, found: ${shown(clauses)}`]
  const given = clauseKinds.filter((kind) => kind in clauses)
  const missing =
    given.length > 0
      ? []
      : ["merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys"]
  const ignored = basic.filter((name) => isSaid(config[name]))
  const conflict =
    ignored.length === 0
      ? []
      : [
          `When merge_clauses is specified, the following basic merge configurations will be ignored and should be removed: ${ignored.join(', ')}. Define your merge behavior within merge_clauses instead.`,
        ]
  return [...missing, ...given.flatMap((kind) => checkClauseList(clauses, kind)), ...conflict]
}

function checkClauseList(clauses: Config, kind: string): string[] {
  const list = clauses[kind]
  const name = `merge_clauses.${kind}`
  if (!Array.isArray(list)) return [`${name} must be a list`]
  if (list.length === 0) return [`${name} must contain at least one element`]
  const strange = listOf(list).filter((clause) => !isMap(clause))
  return strange.map((clause) => `${name} elements must be dictionaries, found: ${shown(clause)}`)
}

function checkDucklake(config: Config): string[] {
  const errors: string[] = []
  if (listOf(config['merge_returning_columns']).length > 0) {
    errors.push(
      'DuckLake MERGE restrictions: merge_returning_columns is not supported because DuckLake does not support RETURNING.',
    )
  }
  const all = clauseKinds.flatMap((kind) => clausesOf(config, kind) ?? [])
  const count = all.filter(({ action }) => action === 'update' || action === 'delete').length
  if (count > 1) {
    errors.push(
      `DuckLake MERGE restrictions: merge_clauses can contain only a single UPDATE or DELETE action across when_matched and when_not_matched. Found ${count} UPDATE/DELETE actions. DuckLake currently supports only one UPDATE or DELETE operation per MERGE statement.`,
    )
  }
  return errors
}

function clausesOf(config: Config, kind: string): readonly MergeClause[] | undefined {
  const clauses = config['merge_clauses']
  const list = isMap(clauses) ? clauses[kind] : undefined
  return list === undefined ? undefined : listOf(list).filter(isMap)
}

function isSaid(value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (Array.isArray(value)) return value.length > 0
  return isMap(value) ? Object.keys(value).length > 0 : true
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
