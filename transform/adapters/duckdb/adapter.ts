/** Running on a plain DuckDB or on what is attached to it: no snapshots and no identities of tables. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Row } from '../../../core/clients/duckdb.ts'
import { type Duckdb, explainDuckdbError } from '../../../core/clients/duckdb.ts'
import type { DuckdbThreads } from '../../../core/clients/duckdb-threads.ts'
import { isCatalogDown, isLakeConflict, isStoreDown } from '../../../core/clients/lake/failures.ts'
import { type Clock, systemClock } from '../../../core/clock.ts'
import { MillraceError, messageOf } from '../../../core/errors.ts'
import { problem } from '../../../core/problems.ts'
import { withoutSecrets } from '../../../core/redact.ts'
import type { Secret } from '../../../core/secret.ts'
import type { Adapter, OpenSession, PublishMode, Session } from '../../run/adapter.ts'
import type { TemplateDatabase } from '../../stdlib/database.ts'
import { ConnectionSession, type SpokenFor } from '../connection-session.ts'

export type DuckdbAdapterOptions = {
  readonly keepsHistory?: boolean
  readonly publish?: PublishMode
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
  const { keepsHistory = true, publish = 'atomic', isDucklake = false, hidden = [] } = options
  const clock = options.clock ?? systemClock
  const { threads } = duckdb
  const isConflict = (error: unknown) => isDucklake && isLakeConflict(error)
  const explain = (error: unknown) => explainError(error, catalog, hidden)
  return {
    kind: 'duckdb',
    catalog,
    keepsHistory,
    publish,
    async transaction(work, { signal }) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await duckdb.withConnection((connection) =>
            attemptOn(
              connection,
              new PlainSession(connection, { catalog, hidden, threads }),
              work,
              (error) => (isConflict(error) ? error : explainCommit(error, catalog, hidden)),
            ),
          )
        } catch (error) {
          if (!isConflict(error)) throw explain(error)
          if (attempt >= maxAttempts) {
            const parameters = { attempts: attempt, reason: messageOf(error) }
            throw problem('lake/conflict', parameters, { cause: error })
          }
          // Full jitter up to 50 ms × attempt, as for the lake: a commit takes 50–100 ms.
          await clock.sleep(Math.random() * 50 * attempt, signal)
        }
      }
    },
    connect: async () => new PlainSession(await duckdb.connect(), { catalog, hidden, threads }),
    snapshot: async () => undefined,
    restThreads: () => threads.rest(),
    explain,
    isConflict: isLakeConflict,
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

/** What is attached, or read from the web, does not answer; or there is no space left. */
function explainError(error: unknown, catalog: string, hidden: readonly Secret[]): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error
  if (!isStoreDown(error) && !isCatalogDown(error)) return explainDuckdbError(error, catalog)
  const reason = withoutSecrets(messageOf(error).split('\n')[0] ?? '', hidden)
  return problem('profile/unreachable', { what: `What ${catalog} reads`, reason }, { cause: error })
}

/** What only a commit finds out, such as a key that another connection has taken meanwhile. */
function explainCommit(error: unknown, catalog: string, hidden: readonly Secret[]): unknown {
  const explained = explainError(error, catalog, hidden)
  if (explained instanceof MillraceError) return explained
  return problem('lake/sql-failed', { reason: withoutSecrets(messageOf(error), hidden) })
}

type PlainOptions = {
  readonly catalog: string
  readonly hidden: readonly Secret[]
  readonly threads: DuckdbThreads
}

class PlainSession extends ConnectionSession implements OpenSession {
  readonly #options: PlainOptions

  constructor(connection: DuckDBConnection, options: PlainOptions, spokenFor?: SpokenFor) {
    super(connection, options.threads, spokenFor)
    this.#options = options
  }

  for(node: string, wrap?: (database: TemplateDatabase) => TemplateDatabase): Session {
    const database = wrap?.(this.database) ?? this.database
    return new PlainSession(this.connection, this.#options, { node, database })
  }

  override execute(sql: string): Promise<number> {
    return this.#redacted(super.execute(sql))
  }

  override query(sql: string): Promise<Row[]> {
    return this.#redacted(super.query(sql))
  }

  async commit(): Promise<void> {
    const { catalog, hidden } = this.#options
    await this.run('commit').catch((error: unknown) => {
      throw isLakeConflict(error) ? error : explainCommit(error, catalog, hidden)
    })
  }

  async snapshot(): Promise<undefined> {
    return undefined
  }

  async hasSnapshot(): Promise<boolean> {
    return false
  }

  async fileRows(): Promise<undefined> {
    return undefined
  }

  async tableIds(): Promise<undefined> {
    return undefined
  }

  async lastChanges(): Promise<undefined> {
    return undefined
  }

  async #redacted<T>(running: Promise<T>): Promise<T> {
    try {
      return await running
    } catch (error) {
      throw withoutHidden(error, this.#options.hidden)
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
