/**
 * A prepared statement whose rows come as PostgreSQL writes them. `pg`'s own query asks for a description of the columns
 * each time, sends its messages one by one and builds a result of objects; here one write carries all of them, and
 * nothing is parsed.
 */
import type { Connection, PoolClient, Submittable } from 'pg'
import { serialize } from 'pg-protocol'

/** Values of a row, as text. */
export type TextRow = (string | null)[]

export type TextStatement = {
  /** One text has one name. */
  readonly name: string
  readonly text: string
  readonly values: readonly (string | null)[]
  /** Milliseconds after which `pg` gives it up. */
  readonly query_timeout: number
}

/** Runs a statement that gives rows. @throws PostgreSQL's own errors, and `pg`'s when the connection is lost */
export function queryText(client: PoolClient, statement: TextStatement): Promise<TextRow[]> {
  return new Promise((resolve, reject) => {
    client.query(new TextQuery(statement, (error, rows) => (error ? reject(error) : resolve(rows))))
  })
}

type Callback = (error: Error | null, rows: TextRow[]) => void

/** What `pg` keeps with a connection, and does not say in its types. */
type Statements = {
  /** Name → text of what PostgreSQL has parsed. */
  readonly parsedStatements: Record<string, string>
  /** Of what it was told to parse; `pg` takes out what failed. */
  readonly submittedNamedStatements: Record<string, string>
}

function statementsOf(connection: Connection): Statements {
  // pg 8, lib/connection.js
  return connection as Connection & Statements
}

class TextQuery implements Submittable {
  /** Under these names `pg` looks for what it has to note of a statement. */
  readonly name: string
  readonly text: string
  readonly query_timeout: number
  /** `pg` puts its own around it, which stops the clock. */
  callback: Callback
  readonly #values: readonly (string | null)[]
  readonly #rows: TextRow[] = []

  constructor({ name, text, values, query_timeout }: TextStatement, callback: Callback) {
    this.name = name
    this.text = text
    this.query_timeout = query_timeout
    this.callback = callback
    this.#values = values
  }

  submit(connection: Connection): void {
    const { name, text } = this
    const { parsedStatements, submittedNamedStatements } = statementsOf(connection)
    const messages = [serialize.bind({ statement: name, values: [...this.#values] }), execute, sync]
    if (parsedStatements[name] === undefined && submittedNamedStatements[name] === undefined) {
      submittedNamedStatements[name] = text
      messages.unshift(serialize.parse({ name, text }))
    }
    connection.stream.write(Buffer.concat(messages))
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#rows.push(fields)
  }

  handleError(error: Error): void {
    this.callback(error, [])
  }

  handleReadyForQuery(): void {
    this.callback(null, this.#rows)
  }

  // PostgreSQL says these too, and they tell nothing that is not known.
  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

const execute = serialize.execute()
const sync = serialize.sync()
