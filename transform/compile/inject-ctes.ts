/** Puts ephemeral models in front of a query as CTEs. */

export type Cte = { readonly name: string; readonly sql: string }

/** `with <ctes>, <the query's own>`; the query keeps its text otherwise. */
export function injectCtes(sql: string, ctes: readonly Cte[]): string {
  if (ctes.length === 0) return sql
  const list = ctes.map(({ name, sql: body }) => ` ${name} as (\n${body}\n)`).join(', ')
  const start = skipBlank(sql, 0)
  const own = /^with(\s+recursive)?\b/i.exec(sql.slice(start))
  if (own === null) return `with${list} ${sql}`
  const rest = sql.slice(start + own[0].length)
  return `${sql.slice(0, start)}${own[0]} ${list}, ${rest.trimStart()}`
}

/** The first offset that is neither blank nor comment. */
function skipBlank(sql: string, from: number): number {
  const blank = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y
  blank.lastIndex = from
  return from + (blank.exec(sql)?.[0].length ?? 0)
}
