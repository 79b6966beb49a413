/** The roles in a token's claims. */

/**
 * Reads a list of strings, or one string with spaces between them, as `scope` has it. Anything else is no role.
 * @param path a claim, such as `roles`, or the way to one inside others, such as `realm_access.roles`
 */
export function rolesOfClaims(claims: Readonly<Record<string, unknown>>, path: string): string[] {
  const value = Object.hasOwn(claims, path) ? claims[path] : valueAt(claims, path.split('.'))
  if (typeof value === 'string') return value.split(/\s+/).filter(Boolean)
  if (!Array.isArray(value)) return []
  return value.filter((role) => typeof role === 'string' && role !== '')
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return valueAt(Object.getOwnPropertyDescriptor(value, name)?.value, rest)
}
