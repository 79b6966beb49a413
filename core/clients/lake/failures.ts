/** What DuckLake's errors mean: worth another try, somebody else's outage, or a plain SQL error. */
import { findCause, MillraceError, messageOf } from '../../errors.ts'
import { problem } from '../../problems.ts'
import { withoutPasswords } from '../../redact.ts'
import { describePostgres } from '../describe-postgres.ts'
import { isOutOfSpace } from '../duckdb.ts'
import type { LakeOptions } from './attach.ts'

// The last one is a commit that lost to another which made the same tables first (seen on SQLite catalogs).
const conflict =
  /transaction conflict|conflicts? (with|on)|database is locked|could not serialize|deadlock detected|another transaction|write-write conflict|failed to load ducklake - table entry/i
// An aborted transaction is PostgreSQL's own: DuckLake asked on after it had lost the connection.
const catalogDown =
  /unable to connect to postgres|could not connect to server|connection to server|server closed the connection|terminating connection|connection.*(refused|reset|lost|not open)|the database system is (starting up|shutting down|in recovery)|no connection to the server|from ducklake: current transaction is aborted|SSL SYSCALL|failed to (prepare|execute) (query|copy) "[\s\S]*":\s*$/i
const storeDown =
  /could(n't| not) establish connection|IO Error.*(https?|s3):\/\/|HTTP Error|connection error for HTTP/i
// The store has answered: what a query asks for is not there.
const notThere = /no files found|HTTP 404|404 \(/i
// Errors of a statement itself. They quote names and values, which may read like an outage. DuckLake uses some of
// these classes too, always in the words "Failed to …".
const ofStatement = /^(Constraint|Conversion|Mismatch Type|Out of Range|Parser) Error:/
const ofInput = /^(Binder|Invalid Input) Error: (?!Failed to )/i

/** Tells a lost race, after which the whole transaction may be tried again. */
export function isLakeConflict(error: unknown): boolean {
  if (error instanceof MillraceError) return error.code === 'lake/conflict'
  return findCause(error, (cause) => says(conflict, cause)) !== undefined
}

function says(pattern: RegExp, { message }: Error): boolean {
  return !ofStatement.test(message) && !ofInput.test(message) && pattern.test(message)
}

/** Tells an object store or a web server that did not answer from a statement that asks for what is not there. */
export function isStoreDown(error: unknown): boolean {
  return (
    findCause(error, (cause) => says(storeDown, cause) && !notThere.test(cause.message)) !==
    undefined
  )
}

/** Tells a catalog on PostgreSQL that did not answer. */
export function isCatalogDown(error: unknown): boolean {
  return findCause(error, (cause) => says(catalogDown, cause)) !== undefined
}

/** The error as one of ours when it says something a reader can act on; else itself. */
export function explainLakeError(error: unknown, options: LakeOptions): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error
  const reason = withoutPasswords(messageOf(error).split('\n')[0] ?? '')
  if (isOutOfSpace(error)) {
    return problem(
      'lake/out-of-space',
      { where: fullPlace(reason, options), reason },
      { cause: error },
    )
  }
  if (options.s3 !== undefined && isStoreDown(error)) {
    const endpoint = options.s3.endpoint ?? 'AWS S3'
    const parameters = { endpoint, operation: 'read or write lake files', reason }
    return problem('lake/store-unreachable', parameters, { cause: error })
  }
  if (options.catalog.kind === 'postgres' && says(catalogDown, error)) {
    const catalog = describePostgres(options.catalog.url)
    // libpq's message quotes the connection string; the reason keeps what follows it.
    const plain = reason.replace(/^.*: /, '')
    return problem('lake/catalog-unreachable', { catalog, reason: plain }, { cause: error })
  }
  return error
}

/** DuckDB names the file it was writing; what it could not spill was for its temporary directory. */
function fullPlace(reason: string, { dataPath }: LakeOptions): string {
  if (/offload data block|temp(orary)? director/i.test(reason)) {
    return 'the temporary directory (duckdb.temp_directory)'
  }
  return /"([^"]*\/[^"]*)"/.exec(reason)?.[1] ?? dataPath
}
