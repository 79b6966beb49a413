/** Configs that dbt or Millrace act on, to tell a misspelt one from one of the user's own. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Config } from '../project/project.ts'

const knownConfigs = [
  'access',
  'alias',
  'batch_size',
  'begin',
  'column_types',
  'contract',
  'database',
  'delimiter',
  'docs',
  'enabled',
  'error_if',
  'event_time',
  'fail_calc',
  'full_refresh',
  'grants',
  'group',
  'incremental_predicates',
  'incremental_strategy',
  'indexes',
  'limit',
  'lookback',
  'materialized',
  'merge_exclude_columns',
  'merge_update_columns',
  'meta',
  'on_schema_change',
  'partitioned_by',
  'persist_docs',
  'post_hook',
  'pre_hook',
  'publish',
  'quote_columns',
  'schema',
  'severity',
  'sorted_by',
  'store_failures',
  'tags',
  'unique_key',
  'warn_if',
  'where',
]

/** Warnings of keys that are nearly known ones; any other key is taken to be the user's own. */
export function warnMisspelt(name: string, file: string, config: Config): MillraceError[] {
  return Object.keys(config).flatMap((key) => {
    if (knownConfigs.includes(key.replaceAll('-', '_'))) return []
    const near = nearest(key, knownConfigs)
    if (near === undefined) return []
    const parameters = { path: `config of ${name}`, key, nearest: near }
    return [problem('model/unknown-key', parameters, { at: { file } })]
  })
}
