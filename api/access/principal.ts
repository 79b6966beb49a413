/** Who calls, and what they may see. */
import { problem } from '../../core/problems.ts'

export type Principal = {
  /** `anonymous` only in open mode. */
  readonly kind: 'anonymous' | 'key' | 'token'
  /** `key:` and its prefix, or `token:` and its subject; for logs and limits, never a secret. */
  readonly id: string
  readonly roles: ReadonlySet<string>
  /** Sees columns with personal data. */
  readonly seesPersonalData: boolean
}

/** Tells whether one of the roles is the principal's; an empty list asks for none. */
export function hasRole(principal: Principal, roles: readonly string[]): boolean {
  return roles.length === 0 || roles.some((role) => principal.roles.has(role))
}

/** @throws `api/forbidden`, which does not say which roles would do */
export function requireRole(principal: Principal, roles: readonly string[]): void {
  if (!hasRole(principal, roles)) throw problem('api/forbidden', {})
}

/** A caller with roles. @param piiRoles each of them shows personal data */
export function toPrincipal(
  kind: Principal['kind'],
  id: string,
  roles: Iterable<string>,
  piiRoles: readonly string[],
): Principal {
  const all = new Set(roles)
  return { kind, id, roles: all, seesPersonalData: piiRoles.some((role) => all.has(role)) }
}

/** A caller of whom nothing is known, with no role. */
export const anonymous: Principal = toPrincipal('anonymous', 'anonymous', [], [])
