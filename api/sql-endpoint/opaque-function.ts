/** Functions of the database's users: which tables they read is not known. */
import { isBlank, tokenizeSql } from '../../core/sql-tokens.ts'
import type { Ask } from '../sources/postgres-source.ts'
import { nameOf } from './examine-endpoint.ts'
import type { Endpoint } from './parse-endpoint.ts'

/** Of the contracts of published tables: what must not be read behind a function. */
export const someTableHas = {
  personalData: `contract->'columns' @> '[{"pii": true}]'`,
  roles: `contract->'roles' <> '[]'`,
} as const

/** One that the endpoint calls and that could read such a table, when there is one. */
export async function opaqueFunction(
  { sql }: Endpoint,
  condition: (typeof someTableHas)[keyof typeof someTableHas],
  ask: Ask,
): Promise<string | undefined> {
  const words = tokenizeSql(sql.text)
    .filter((token) => !isBlank(token) && (token.kind === 'word' || token.kind === 'quoted-name'))
    .map(nameOf)
  const { rows } = await ask(
    `select p.proname from pg_proc p join pg_language l on l.oid = p.prolang
     where p.oid >= 16384 and l.lanname not in ('internal', 'c')
       and p.proname in (select json_array_elements_text($1::json))
       and exists (select from millrace.published where ${condition}) limit 1`,
    [JSON.stringify(words)],
  )
  return rows[0]?.[0] ?? undefined
}
