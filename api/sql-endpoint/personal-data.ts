/** Refuses an endpoint of which it cannot be told what callers without the right to personal data would get. */
import { tokenizeSql } from '../../core/sql-tokens.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { nameOf, unmaskedTables } from './examine-endpoint.ts'
import type { EndpointFacts } from './facts.ts'
import { opaqueFunction, someTableHas } from './opaque-function.ts'
import { brokenEndpoint, type Endpoint } from './parse-endpoint.ts'

const choices = 'say personal_data: mask, refuse or none; docs/reference/sql-endpoints.md explains'

/**
 * Needs a transaction of its own, because tables that were read before count as read.
 * @throws `api/broken-endpoint`, and PostgreSQL's own errors
 */
export async function checkPersonalData(
  endpoint: Endpoint,
  facts: EndpointFacts,
  source: Pick<PostgresSource, 'examine'>,
): Promise<void> {
  const { name, file, header } = endpoint
  if (header.personal_data === 'none' || header.personal_data === 'refuse') return
  const refuse = (reason: string) => brokenEndpoint(name, reason, { file })
  if (facts.hasLedger) {
    const called = await source.examine((ask) =>
      opaqueFunction(endpoint, someTableHas.personalData, ask),
    )
    if (called !== undefined) {
      const reason = `masks do not reach into the function ${called}: say personal_data: refuse or none.`
      throw refuse(reason)
    }
  }
  if (!facts.isMasked) return
  const [past] = await source.examine((ask) => unmaskedTables(endpoint, facts, ask))
  if (past !== undefined) {
    const reason = `it reads ${past}, which holds personal data, through a view or by a name with schema, where masks do not reach: write ${past} alone, or say personal_data: refuse or none.`
    throw refuse(reason)
  }
  const used = header.personal_data === undefined ? computedColumn(endpoint, facts) : undefined
  if (used !== undefined) {
    throw refuse(
      `it uses ${used}, which holds personal data, and does not just show it: ${choices}.`,
    )
  }
}

/** A column with personal data that the SQL names and that is not among its columns as it is. */
function computedColumn({ sql }: Endpoint, { relations, columns }: EndpointFacts) {
  const words = new Set(
    tokenizeSql(sql.text)
      .filter(({ kind }) => kind === 'word' || kind === 'quoted-name')
      .map(nameOf),
  )
  const shown = columns.filter(({ isPersonal }) => isPersonal).map(({ name }) => name)
  const personal = relations.flatMap((table) =>
    table.personal.map((column) => ({ column, text: `${table.name}.${column}` })),
  )
  return personal.find(({ column }) => words.has(column) && !shown.includes(column))?.text
}
