/**
 * A prepared statement whose rows come as PostgreSQL writes them. `pg`'s own query asks for a description of the columns
 * each time, sends its messages one by one and builds a result of objects; here one write carries all of them, and
 * nothing is parsed.
 */
import { type ClientBase, type Connection, Query } from 'pg'
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
export function queryText(client: ClientBase, statement: TextStatement): Promise<TextRow[]> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, rows: TextRow[]) => (error ? reject(error) : resolve(rows))
    client.query(new TextQuery(statement, done))
  })
}

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

const execute = serialize.execute()
const sync = serialize.sync()

/** `pg` calls these. */
class TextQuery extends Query {
  readonly query_timeout: number
  /** `pg` puts its own around it, which stops the clock. */
  callback: (error: Error | null, rows: TextRow[]) => void
  readonly #rows: TextRow[] = []

  constructor(statement: TextStatement, callback: TextQuery['callback']) {
    const { name, text, values, query_timeout } = statement
    // Not as an object, of which `pg` makes a copy property by property.
    super(text)
    Object.assign(this, { name })
    this.query_timeout = query_timeout
    this.callback = callback
    this.submit = (connection) => {
      const { parsedStatements, submittedNamedStatements } = statementsOf(connection)
      const messages = [serialize.bind({ statement: name, values: [...values] }), execute, sync]
      if (parsedStatements[name] === undefined && submittedNamedStatements[name] === undefined) {
        submittedNamedStatements[name] = text
        messages.unshift(serialize.parse({ name, text }))
      }
      connection.stream.write(Buffer.concat(messages))
    }
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
