/** Which roles an endpoint asks for because of the tables that it reads. */
import type { PostgresSource } from '../sources/postgres-source.ts'
import type { EndpointFacts } from './facts.ts'
import type { EndpointHeader } from './header.ts'
import { opaqueFunction, someTableHas } from './opaque-function.ts'
import { brokenEndpoint, type Endpoint } from './parse-endpoint.ts'

/** Of each list a caller needs one role; views are looked through. */
export function tableRolesOf(
  { table_roles: how }: Pick<EndpointHeader, 'table_roles'>,
  { relations }: EndpointFacts,
): readonly (readonly string[])[] {
  if (how === 'waive') return []
  return relations.flatMap(({ published }) =>
    published === undefined || published.roles.length === 0 ? [] : [published.roles],
  )
}

/**
 * Refuses an endpoint of which it cannot be told which tables it reads, when one of them may ask for a role.
 * @throws `api/broken-endpoint`, and PostgreSQL's own errors
 */
export async function checkTableRoles(
  endpoint: Endpoint,
  { hasLedger }: EndpointFacts,
  source: Pick<PostgresSource, 'examine'>,
): Promise<void> {
  const { name, file, header } = endpoint
  if (header.table_roles === 'waive' || !hasLedger) return
  const called = await source.examine((ask) => opaqueFunction(endpoint, someTableHas.roles, ask))
  if (called === undefined) return
  const reason = `which tables the function ${called} reads, and which roles they ask for, is not known: say table_roles: waive, and by roles who may call it.`
  throw brokenEndpoint(name, reason, { file })
}
