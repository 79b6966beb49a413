/** What the project says of its tables, and what a caller may read by it. */
import { hasRole, type Principal } from '../access/principal.ts'
import type { PersonalColumns } from './protocol.ts'

type DescribedTable = {
  readonly personalColumns: readonly string[]
  /** Callers need one role of each list. */
  readonly roles: readonly (readonly string[])[]
}

/** `schema.table` in lower case → what is said of it; every table of the project is named. */
export type DescribedTables = Readonly<Record<string, DescribedTable>>

/**
 * The tables that the caller may read, with the columns that come as NULL to him; undefined: he may read everything. A
 * table of which nothing is said may be a copy of any other, so it is only for who may read everything.
 */
export function masksFor(
  principal: Principal,
  described: DescribedTables,
): PersonalColumns | undefined {
  const tables = Object.entries(described)
  const readable = tables.filter(([, { roles }]) => roles.every((any) => hasRole(principal, any)))
  const { seesPersonalData } = principal
  if (seesPersonalData && readable.length === tables.length) return undefined
  return Object.fromEntries(
    readable.map(([name, { personalColumns }]) => [name, seesPersonalData ? [] : personalColumns]),
  )
}
