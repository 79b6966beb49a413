/**
 * The roles of the tables that an endpoint reads: a table that asks for a role at `/api/tables` asks for it here, too,
 * unless the endpoint says `table_roles: waive`.
 */
import { problem } from '../../core/problems.ts'
import { hasRole, type Principal } from '../access/principal.ts'
import { isAsChecked } from './answer-state.ts'
import type { EndpointSources } from './check-endpoints.ts'
import { askState } from './run-endpoint.ts'
import { explainRecheck, type ServedEndpoint } from './served-endpoint.ts'

/** Tells whether a caller has one of each list; what is not known yet is asked for with the answer. */
export function mayReadTables(principal: Principal, served: ServedEndpoint): boolean {
  const tableRoles = served.known()?.tableRoles
  return tableRoles === undefined || tableRoles.every((roles) => hasRole(principal, roles))
}

/**
 * Refuses a caller, once it is sure that the tables still ask for the roles that he has not.
 * @throws `api/forbidden`, and what a check of the endpoint throws
 */
export async function refuseUnlessChanged(
  principal: Principal,
  served: ServedEndpoint,
  sources: EndpointSources,
): Promise<void> {
  const checked = served.known()
  const state = checked && (await askState(checked, sources))
  if (checked === undefined || state === undefined || isAsChecked(state, checked.facts)) {
    throw problem('api/forbidden', {})
  }
  await served.checkAgain().catch((error: unknown) => {
    throw explainRecheck(error)
  })
  if (!mayReadTables(principal, served)) throw problem('api/forbidden', {})
}
