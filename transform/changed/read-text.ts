/** What the text of a template names: macros, variables, the clock, tables. It errs on the side of too much. */

/** Why the result of a template can differ though its text and its inputs do not. */
export function findVolatile(text: string): string | undefined {
  const code = text.replaceAll(/\{#[\s\S]*?#\}/g, ' ')
  if (/\b(run_query|statement|load_result|get_column_values)\b/.test(code)) {
    return 'its template queries the database'
  }
  if (/\b(run_started_at|invocation_id|thread_id|datetime)\b/.test(code)) {
    return 'its template reads the clock'
  }
  const sql = code.replaceAll(/--[^\n]*/g, ' ').replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
  if (
    /\b(current_date|current_time|current_timestamp|localtimestamp|get_current_time)\b/i.test(sql)
  ) {
    return 'its SQL reads the clock'
  }
  if (/\b(now|today|random|uuid|gen_random_uuid|nextval|setseed)\s*\(/i.test(sql)) {
    return 'its SQL is another each time: now(), random() or the like'
  }
  return undefined
}

/** A table or function after FROM that is no ref, no source and no CTE of the text. */
export function findForeignInput(text: string): string | undefined {
  const sql = text
    .replaceAll(/\{#[\s\S]*?#\}/g, ' ')
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/\{\{[\s\S]*?\}\}/g, ' {{}} ')
    .replaceAll(/\{%[\s\S]*?%\}/g, ' ')
  const ctes = new Set(
    [...sql.matchAll(/\b(\w+)\s*(?:\([^()]*\)\s*)?\bas\s+(?:not\s+)?(?:materialized\s+)?\(/gi)].map(
      ([, name]) => name?.toLowerCase(),
    ),
  )
  for (const [, before = '', name = '', call] of sql.matchAll(
    /(\w*)\s+(?:from|join)\s+(?!lateral\b)("[^"]+"|'[^']+'|[\w.]+)(\s*\()?/gi,
  )) {
    if (notTables.test(before) || ctes.has(name.toLowerCase())) continue
    if (call !== undefined && /^(unnest|range|generate_series)$/i.test(name)) continue
    return name
  }
  return undefined
}

/** `extract(year from x)`, `is distinct from x`, `trim(both from x)`. */
const notTables =
  /^(distinct|both|leading|trailing|year|years|quarter|month|week|day|doy|dow|isodow|hour|minute|second|epoch|millisecond|microsecond)$/i

/** Every word of the text: one of them may be the name of a macro. */
export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/[A-Za-z_]\w*/g) ?? [])
}

/** Variables named by `var('…')` or `env_var('…')`; undefined when a name is not written out. */
export function namesAskedBy(text: string, call: 'var' | 'env_var'): readonly string[] | undefined {
  const calls = [...text.matchAll(new RegExp(`\\b${call}\\s*\\(\\s*(?:['"]([^'"]*)['"])?`, 'g'))]
  const names = calls.map(([, name]) => name)
  return names.every((name) => name !== undefined) ? names : undefined
}
