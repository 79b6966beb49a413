/** What building a model or seed found out. */
import type { MillraceError } from '../../core/errors.ts'
import type { Statement } from '../materialize/statement.ts'
import type { TimeWindow } from '../plan/time-window.ts'
import type { Session } from './adapter.ts'

export type Built = {
  /** Rows written; undefined for a view. */
  readonly rows: number | undefined
  readonly message: string | undefined
  /** What a reader of the project should know, though the node was built. */
  readonly warnings?: readonly MillraceError[]
  /** Of an incremental model: all rows were made anew. */
  readonly isWhole?: boolean
  /** Of a microbatch model. */
  readonly batches?: readonly TimeWindow[]
}

/** @returns rows of the statements that count them */
export async function runStatements(
  session: Session,
  statements: readonly Statement[],
): Promise<number> {
  let rows = 0
  for (const { sql, countsRows } of statements) {
    const written = await session.execute(sql)
    if (countsRows) rows += written
  }
  return rows
}

/** Statements whose rows nobody counts, in one go. */
export async function runTogether(
  session: Session,
  statements: readonly Statement[],
): Promise<void> {
  if (statements.length === 0) return
  await session.execute(statements.map(({ sql }) => sql).join(';\n'))
}
