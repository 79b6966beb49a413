/** The two ways in which a name or a value gets into SQL text; anything else is a bound parameter. */

/** `my "odd" name` → `"my ""odd"" name"`. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `it's` → `'it''s'`. Valid in DuckDB and in PostgreSQL (standard_conforming_strings). */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `quoteRelation('lake', 'marts', 'users')` → `"lake"."marts"."users"`. */
export function quoteRelation(...parts: readonly string[]): string {
  return parts.map(quoteIdent).join('.')
}
