/** What PostgreSQL's errors mean: an outage, a full disk, a row that breaks a constraint, or a bug of ours. */
import { DatabaseError } from 'pg'
import { describePostgres } from '../../core/clients/describe-postgres.ts'
import { findCause, MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { withoutPasswords } from '../../core/redact.ts'

const gone =
  /connection (terminated|refused|reset)|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|server closed the connection|could not connect|no connection to the server|the database system is|unable to connect to postgres|terminating connection|timeout (expired|exceeded when trying to connect)|Client has encountered a connection error|SSL SYSCALL|Connection lost/i
const full = /no space left on device|could not extend file|disk quota exceeded/i

/** The error as one of ours, when it says something a reader can act on; else itself. */
export function explainPublishError(error: unknown, url: string, model?: string): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error
  const server = describePostgres(url)
  const reason = firstLine(error)
  const found = findCause(error, (cause) => cause instanceof DatabaseError)
  const database = found instanceof DatabaseError ? found : undefined
  // A code says what it is; without one the words have to do, which in a message about a row may be the row's.
  const says = (pattern: RegExp) => database?.code === undefined && pattern.test(error.message)
  if (database?.code === '53100' || says(full)) {
    return problem('publish/out-of-space', { server, reason }, { cause: error })
  }
  if (/^(08|57P0|53)/.test(database?.code ?? '') || says(gone)) {
    return problem('publish/postgres-unreachable', { server, reason }, { cause: error })
  }
  return database === undefined
    ? explainCopyError(error, model)
    : (explainSqlState(database, model) ?? error)
}

function explainSqlState(error: DatabaseError, model: string | undefined): unknown {
  const reason = firstLine(error)
  const code = error.code ?? ''
  if (code.startsWith('23')) {
    const table = [error.schema, error.table].filter(Boolean).join('.') || (model ?? 'a table')
    const constraint = error.constraint ?? (error.column ? `not null of ${error.column}` : code)
    const parameters = { table, constraint, detail: error.detail ?? reason }
    return problem('publish/constraint-violated', parameters, { cause: error })
  }
  if (code.startsWith('22')) {
    return problem('publish/value-refused', { model: model ?? 'a model', reason }, { cause: error })
  }
  if (code === '42501' || code === '42704' || code.startsWith('28')) {
    return problem('publish/denied', { reason }, { cause: error })
  }
  return undefined
}

/** DuckDB's postgres extension passes the server's words on without the code. */
function explainCopyError(error: Error, model: string | undefined): unknown {
  if (model === undefined) return error
  const refused =
    /Failed to copy data: ERROR: *(.*)|(Conversion Error: .*)|(Invalid Input Error: .*)|(Out of Range Error: .*)/
  const found = refused.exec(error.message)
  const reason = found?.slice(1).find((text) => text !== undefined)
  if (reason === undefined) return error
  return problem('publish/value-refused', { model, reason }, { cause: error })
}

function firstLine(error: Error): string {
  return withoutPasswords(messageOf(error).split('\n')[0] ?? '')
}
