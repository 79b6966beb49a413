/** Asks a table by what the catalog holds, and once more when the table has changed since. */
import { isProblem } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import { hasRole, type Principal, requireRole } from '../access/principal.ts'
import { isShapeError } from '../sources/postgres-errors.ts'
import type { TableCatalog } from './catalog.ts'
import {
  hasSameShape,
  isSameState,
  type PublishedTable,
  type TableState,
} from './published-table.ts'

/** An answer and the state that was read with it; undefined when the table is not served any more. */
export type Asked = { readonly state: TableState | undefined }

const maxAttempts = 3

type Answered<Answer> = {
  readonly table: PublishedTable
  readonly answer: Answer
  readonly state: TableState
}

/**
 * Finds the table and asks; when the catalog turns out to be out of date, it is read again, and the table is asked
 * again unless the answer is right all the same. Nobody is refused by a catalog that was read before he asked.
 * @param discard gives up an answer that will not be used
 * @throws `api/unknown-table`, `api/forbidden`, and what `ask` throws
 */
export async function askTable<Answer extends Asked>(
  catalog: TableCatalog,
  name: string,
  principal: Principal,
  ask: (table: PublishedTable) => Promise<Answer>,
  discard: (answer: Answer) => Promise<void> = async () => {},
): Promise<Answered<Answer>> {
  if (catalog.find(name) !== undefined) {
    try {
      return await askHeld(catalog, name, principal, ask, discard)
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
  }
  await catalog.reload()
  return await askHeld(catalog, name, principal, ask, discard)
}

/** A publish may have ended the reason: a role, a mask, a column that was not there. What the database says is no such. */
function isRefusal(error: unknown): boolean {
  const isOurs = isProblem(error) && error.cause === undefined
  return isOurs && (error.httpStatus === 400 || error.httpStatus === 403)
}

async function askHeld<Answer extends Asked>(
  catalog: TableCatalog,
  name: string,
  principal: Principal,
  ask: (table: PublishedTable) => Promise<Answer>,
  discard: (answer: Answer) => Promise<void>,
): Promise<Answered<Answer>> {
  for (let attempt = 1; ; attempt++) {
    const table = allowedTable(catalog, name, principal)
    const answer = await ask(table).catch((error: unknown) => {
      if (isShapeError(error) && attempt < maxAttempts) return undefined
      throw error
    })
    const state = answer?.state
    if (answer !== undefined && state !== undefined && isSameState(state, table.state)) {
      return { table, answer, state }
    }
    try {
      await catalog.reload()
      const now = allowedTable(catalog, name, principal)
      const isRight = hasSameShape(now, table) && state?.contract === now.state.contract
      if (answer !== undefined && state !== undefined && isRight) return { table, answer, state }
      if (attempt === maxAttempts) throw problem('api/table-missing', {})
    } catch (error) {
      if (answer !== undefined) await discard(answer)
      throw error
    }
    if (answer !== undefined) await discard(answer)
  }
}

function allowedTable(catalog: TableCatalog, name: string, principal: Principal): PublishedTable {
  const table = catalog.find(name)
  if (table === undefined) {
    const names = readableTables(catalog, principal).map((other) => other.name)
    throw problem('api/unknown-table', { table: name, nearest: nearest(name, names) })
  }
  requireRole(principal, table.contract.roles)
  return table
}

/** The tables that the principal may read; others are not named to him. */
export function readableTables(catalog: TableCatalog, principal: Principal): PublishedTable[] {
  return catalog.tables().filter(({ contract }) => hasRole(principal, contract.roles))
}
