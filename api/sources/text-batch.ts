/**
 * Prepared statements of one moment in one round trip: one write carries all of them, PostgreSQL begins and ends one
 * transaction for them, and its answers come in few pieces. A statement that fails ends the batch; those behind it have
 * not been run.
 */
import { type Client, type Connection, Query } from 'pg'
import { serialize } from 'pg-protocol'
import type { TextRow } from './text-query.ts'

export type BatchStatement = {
  /** One text has one name. */
  readonly name: string
  readonly text: string
  readonly values: readonly (string | null)[]
  /** Called once, as soon as it is known. */
  readonly ended: (outcome: BatchOutcome) => void
}

export type BatchOutcome =
  | { readonly rows: TextRow[] }
  | { readonly error: Error }
  /** One before it failed. */
  | 'not run'

export type BatchOptions = {
  /** Names of the statements that the connection knows; it is kept here. */
  readonly prepared: Set<string>
  /** Milliseconds after which `pg` gives the connection up. */
  readonly timeoutMs: number
}

/**
 * Sends them to a pipelined connection. Resolves when PostgreSQL is done with all of them; does not fail.
 * @returns whether all went well
 */
export function sendBatch(
  client: Client,
  statements: readonly BatchStatement[],
  { prepared, timeoutMs }: BatchOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    const batch = new TextBatch(statements, prepared, timeoutMs, () => resolve(!batch.hasFailed))
    client.query(batch)
  })
}

const execute = serialize.execute()
const sync = serialize.sync()

function messagesOf({ name, text, values }: BatchStatement, prepared: Set<string>): Buffer[] {
  const messages = [serialize.bind({ statement: name, values: [...values] }), execute]
  if (prepared.has(name)) return messages
  prepared.add(name)
  // After an error it may be there all the same; to close what is not there is no error.
  return [serialize.close({ type: 'S', name }), serialize.parse({ name, text }), ...messages]
}

/** `pg` calls these; a query of another class it does not take in line. */
class TextBatch extends Query {
  readonly query_timeout: number
  /** `pg` puts its own around it, which stops the clock. */
  callback: () => void
  hasFailed = false
  readonly #statements: readonly BatchStatement[]
  readonly #prepared: Set<string>
  /** The one that is being answered. */
  #at = 0
  #rows: TextRow[] = []

  constructor(
    statements: readonly BatchStatement[],
    prepared: Set<string>,
    timeoutMs: number,
    done: () => void,
  ) {
    super('')
    this.#statements = statements
    this.#prepared = prepared
    this.query_timeout = timeoutMs
    this.callback = done
    this.submit = ({ stream }: Connection) => {
      const messages = statements.flatMap((one) => messagesOf(one, prepared))
      stream.write(Buffer.concat([...messages, sync]))
    }
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete(): void {
    const rows = this.#rows
    this.#rows = []
    this.#statements[this.#at++]?.ended({ rows })
  }

  handleError(error: Error): void {
    const [failed, ...behind] = this.#statements.slice(this.#at)
    this.#at = this.#statements.length
    this.hasFailed = true
    if (failed !== undefined) {
      for (const { name } of [failed, ...behind]) this.#prepared.delete(name)
      failed.ended({ error })
      for (const { ended } of behind) ended('not run')
    }
    // Also when the connection is lost behind the last one.
    this.callback()
  }

  handleReadyForQuery(): void {
    this.callback()
  }

  // PostgreSQL says these too, and they tell nothing that is not known.
  handleRowDescription(): void {}
  handleEmptyQuery(): void {
    this.handleCommandComplete()
  }
  handlePortalSuspended(): void {}
}
