/** Who calls, and what they may see. */
import { problem } from '../../core/problems.ts'

export type Principal = {
  /** `anonymous` only in open mode. */
  readonly kind: 'anonymous' | 'key' | 'token'
  /** The key's prefix or the token's subject; for logs and limits, never a secret. */
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

/** A caller of whom nothing is known, with no role. */
export const anonymous: Principal = {
  kind: 'anonymous',
  id: 'anonymous',
  roles: new Set(),
  seesPersonalData: false,
}
