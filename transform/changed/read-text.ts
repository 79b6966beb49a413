/** What the text of a template names: macros, variables, the clock, tables. It errs on the side of too much. */

const asksCatalog =
  /\b(get_relation|load_relation|load_cached_relation|list_relations|list_relations_without_caching|list_schemas|check_schema_exists|Relation\s*\.\s*create)\b/
const asksRun =
  /\b(graph|selected_resources|flags|invocation_args_dict|dbt_metadata_envs|context)\b/
/** Functions that DuckDB itself calls volatile, and samples. */
const otherEachTime =
  /\b(now|today|age|random|uuid|uuidv4|uuidv7|gen_random_uuid|nextval|currval|setseed|txid_current|getenv|getvariable|current_setting|current_query|current_query_id|current_transaction_id|current_connection_id)\s*\(|\b(tablesample|using\s+sample)\b/i

/** Why the result of a template can differ though its text and its inputs do not. */
export function findVolatile(text: string): string | undefined {
  const code = text.replaceAll(/\{#[\s\S]*?#\}/g, ' ')
  if (/\b(run_query|statement|load_result|get_column_values)\b/.test(code)) {
    return 'its template queries the database'
  }
  const template = (code.match(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g) ?? []).join('\n')
  if (asksCatalog.test(template)) return 'its template asks what is in the database'
  if (asksRun.test(template)) return 'its template asks what else is run'
  if (/\b(run_started_at|invocation_id|thread_id|datetime)\b/.test(code)) {
    return 'its template reads the clock'
  }
  const sql = code.replaceAll(/--[^\n]*/g, ' ').replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
  if (
    /\b(current_date|current_time|current_timestamp|current_localtime|current_localtimestamp|localtime|localtimestamp|get_current_time|get_current_timestamp|transaction_timestamp)\b/i.test(
      sql,
    )
  ) {
    return 'its SQL reads the clock'
  }
  if (otherEachTime.test(sql)) {
    return 'its SQL is another each time: now(), random() or the like'
  }
  return undefined
}

/** Every word of the text: one of them may be the name of a macro. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/[A-Za-z_]\w*/g) ?? [])
}

/** Variables named by `var('…')` or `env_var('…')`; undefined when a name is not written out. */
export function namesAskedBy(text: string, call: 'var' | 'env_var'): readonly string[] | undefined {
  const elsewhere = new RegExp(`\\{[{%][^{}]*\\b${call}\\b(?!\\s*\\()`)
  if (elsewhere.test(text)) return undefined
  const calls = [...text.matchAll(new RegExp(`\\b${call}\\s*\\(\\s*(?:['"]([^'"]*)['"])?`, 'g'))]
  const names = calls.map(([, name]) => name)
  return names.every((name) => name !== undefined) ? names : undefined
}
