/** One macro, or one statement, run by itself: `run-operation`. */
import type { Clock } from '../../core/clock.ts'
import type { MillraceError } from '../../core/errors.ts'
import type { Operation } from '../compile/find-operation.ts'
import type { Renderer } from '../compile/render.ts'
import type { Config } from '../project/project.ts'
import type { Adapter, Session } from './adapter.ts'
import { interruptOn } from './attempt-node.ts'
import { explain } from './node-result.ts'
import { type MacroTransaction, openTransaction } from './open-transaction.ts'
import { outageIn } from './retries.ts'
import { treatWarnings } from './treat-warnings.ts'

export type OperationDependencies = {
  readonly renderer: Pick<Renderer, 'call' | 'render' | 'flag'>
  readonly adapter: Adapter
  readonly clock: Clock
  /** Names what is committed. */
  readonly runId: string
  readonly signal?: AbortSignal
}

export type OperationResult = {
  readonly status: 'success' | 'error'
  /** Why it failed. */
  readonly message: string | undefined
  /** What its templates warned of. */
  readonly warnings: readonly MillraceError[]
  readonly elapsedMs: number
}

/**
 * Calls a macro. Its statements are committed one by one; those of a transaction that it has begun and not ended when
 * it succeeds, at the end, and not at all when it fails.
 * @param args by name
 * @throws what keeps the database from answering
 */
export async function runOperation(
  operation: Operation,
  args: Config,
  dependencies: OperationDependencies,
): Promise<OperationResult> {
  return await between(operation.id, dependencies, async (_, { database }, warnings) => {
    const { renderer } = dependencies
    await renderer.call(operation, args, { isIncremental: false, database, warnings })
  })
}

/** Runs a node that was compiled for this, one of `--sql`. */
export async function runStatement(
  id: string,
  dependencies: OperationDependencies,
): Promise<OperationResult> {
  return await between(id, dependencies, async (session, { database }, warnings) => {
    await session.execute(
      await dependencies.renderer.render(id, { isIncremental: false, database, warnings }),
    )
  })
}

async function between(
  id: string,
  { adapter, clock, renderer, runId, signal }: OperationDependencies,
  work: (
    session: Session,
    transaction: MacroTransaction,
    warnings: MillraceError[],
  ) => Promise<void>,
): Promise<OperationResult> {
  const started = clock.now()
  const warnings: MillraceError[] = []
  const session = await adapter.connect()
  const own = session.for(id)
  const transaction = openTransaction(session, own.database, `run-operation ${runId}: ${id}`)
  const ended = (status: OperationResult['status'], message?: string) => {
    const { told } = treatWarnings(warnings, renderer)
    return { status, message, warnings: told, elapsedMs: clock.now() - started }
  }
  try {
    using _ = interruptOn(signal, [session])
    await work(own, transaction, warnings)
    const { refused } = treatWarnings(warnings, renderer)
    if (refused !== undefined) throw refused
    await transaction.commit()
    return ended('success')
  } catch (error) {
    if (signal?.aborted) throw error
    const outage = outageIn(error, adapter, 1)
    if (outage !== undefined) throw outage
    return ended('error', explain(error))
  } finally {
    await transaction.rollback()
    session.close()
  }
}
