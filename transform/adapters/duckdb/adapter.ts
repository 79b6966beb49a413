/** Running on a plain DuckDB or on what is attached to it: no snapshots and no identities of tables. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Row } from '../../../core/clients/duckdb.ts'
import { type Duckdb, explainDuckdbError } from '../../../core/clients/duckdb.ts'
import { isLakeConflict } from '../../../core/clients/lake/failures.ts'
import { type Clock, systemClock } from '../../../core/clock.ts'
import { MillraceError, messageOf } from '../../../core/errors.ts'
import { problem } from '../../../core/problems.ts'
import { withoutSecrets } from '../../../core/redact.ts'
import type { Secret } from '../../../core/secret.ts'
import type { Adapter, Session } from '../../run/adapter.ts'
import { ConnectionSession } from '../connection-session.ts'

export type DuckdbAdapterOptions = {
  readonly keepsHistory?: boolean
  /** `node` where models go to several databases: DuckDB writes to one of them in a transaction. */
  readonly unit?: Adapter['unit']
  /** Whether the catalog is a DuckLake, where another writer may win; the run then begins again. */
  readonly isDucklake?: boolean
  /** What no message may show. */
  readonly hidden?: readonly Secret[]
  readonly clock?: Clock
}

/** Tries in all when others commit in between. */
const maxAttempts = 20

/** @param catalog the database's name: the file's name without its extension, or `memory` */
export function duckdbAdapter(
  duckdb: Duckdb,
  catalog: string,
  options: DuckdbAdapterOptions = {},
): Adapter {
  const { keepsHistory = true, unit = 'run', isDucklake = false, hidden = [] } = options
  const clock = options.clock ?? systemClock
  const isConflict = (error: unknown) => isDucklake && isLakeConflict(error)
  return {
    kind: 'duckdb',
    catalog,
    keepsHistory,
    unit,
    async transaction(work, { signal }) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await duckdb.withConnection((connection) =>
            attemptOn(connection, new PlainSession(connection, unit, hidden), work, (error) =>
              isConflict(error) ? error : explainCommit(error, catalog, hidden),
            ),
          )
        } catch (error) {
          if (!isConflict(error)) throw explainDuckdbError(error, catalog)
          // A node that was committed by itself is not undone by beginning again.
          if (attempt >= maxAttempts || unit === 'node') {
            const parameters = { attempts: attempt, reason: messageOf(error) }
            throw problem('lake/conflict', parameters, { cause: error })
          }
          // Full jitter up to 50 ms × attempt, as for the lake: a commit takes 50–100 ms.
          await clock.sleep(Math.random() * 50 * attempt, signal)
        }
      }
    },
    snapshot: async () => undefined,
    isOutage: (error) =>
      isConflict(error) || explainDuckdbError(error, catalog) instanceof MillraceError,
  }
}

async function attemptOn<T>(
  connection: DuckDBConnection,
  session: Session,
  work: (session: Session) => Promise<T>,
  explain: (error: unknown) => unknown,
): Promise<T> {
  await connection.run('begin')
  try {
    const result = await work(session)
    await connection.run('commit').catch((error: unknown) => {
      throw explain(error)
    })
    return result
  } catch (error) {
    await connection.run('rollback').catch(() => {})
    throw error
  }
}

/** What only a commit finds out, such as a key that another connection has taken meanwhile. */
function explainCommit(error: unknown, catalog: string, hidden: readonly Secret[]): unknown {
  const explained = explainDuckdbError(error, catalog)
  if (explained instanceof MillraceError) return explained
  return problem('lake/sql-failed', { reason: withoutSecrets(messageOf(error), hidden) })
}

class PlainSession extends ConnectionSession implements Session {
  readonly #unit: Adapter['unit']
  readonly #hidden: readonly Secret[]

  constructor(connection: DuckDBConnection, unit: Adapter['unit'], hidden: readonly Secret[]) {
    super(connection)
    this.#unit = unit
    this.#hidden = hidden
  }

  override execute(sql: string): Promise<number> {
    return this.#redacted(super.execute(sql))
  }

  override query(sql: string): Promise<Row[]> {
    return this.#redacted(super.query(sql))
  }

  override async settle(keep: boolean): Promise<void> {
    if (this.#unit === 'run') return
    // After an error of a commit there is no transaction to roll back.
    if (keep) await this.#redacted(this.connection.run('commit'))
    else await this.connection.run('rollback').catch(() => {})
    await this.connection.run('begin')
  }

  async snapshot(): Promise<undefined> {
    return undefined
  }

  async hasSnapshot(): Promise<boolean> {
    return false
  }

  async tableIds(): Promise<undefined> {
    return undefined
  }

  async #redacted<T>(running: Promise<T>): Promise<T> {
    try {
      return await running
    } catch (error) {
      throw withoutHidden(error, this.#hidden)
    }
  }
}

/** The error with its text cleaned; the same error where it shows nothing. */
export function withoutHidden(error: unknown, hidden: readonly Secret[]): unknown {
  if (!(error instanceof Error) || hidden.length === 0) return error
  const clean = withoutSecrets(error.message, hidden)
  // Without the cause, whose text is what must not be shown.
  return clean === error.message ? error : new Error(clean)
}
