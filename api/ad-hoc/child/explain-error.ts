/** What went wrong with a query, for its author and for the log. DuckDB's own words reach him only where they are about
 * his SQL: other messages name files and servers. */
import { isOutOfSpace } from '../../../core/clients/duckdb.ts'
import { MillraceError, messageOf } from '../../../core/errors.ts'
import { problem } from '../../../core/problems.ts'
import type { FromChild } from '../protocol.ts'

type Failure = Extract<FromChild, { kind: 'failed' }>

const ofQuery =
  /^(Parser|Binder|Catalog|Conversion|Invalid Input|Invalid Type|Mismatch Type|Out of Range|Not implemented|Syntax) Error: (?!Failed to )/i
const ofMemory = /^Out of Memory Error|bad.?alloc|cannot allocate|Invalid string length/i
// The operating system's limit; DuckDB's own one on spilled data is not kept to the byte.
const ofFiles = /File too large/
const fatal = /^(FATAL|INTERNAL|IO|Connection|HTTP|TransactionContext|Serialization)/i
const internals = /:\/\/|\.parquet|__ducklake|ducklake_|(?:^|[\s"'(=])\/[\w.-]+\/|password|host=/i
const maxReason = 1500

/** @param sql the caller's own text, which may be quoted back to him */
export function explainError(error: unknown, sql: string): Failure {
  const message = messageOf(error)
  const failure = {
    kind: 'failed',
    interrupted: false,
    broken: false,
    reason: message.slice(0, maxReason),
  } as const
  if (error instanceof MillraceError && error.code.startsWith('api/'))
    return { ...failure, problem: shown(error) }
  if (/^INTERRUPT Error/i.test(message)) return { ...failure, interrupted: true }
  if (ofFiles.test(message)) {
    const tooLarge = shown(problem('api/sql-too-large', { what: 'memory' }))
    return { ...failure, broken: true, problem: tooLarge }
  }
  if (ofMemory.test(message) || isOutOfSpace(error)) {
    return { ...failure, problem: shown(problem('api/sql-too-large', { what: 'memory' })) }
  }
  if (ofQuery.test(message)) {
    const problemOfQuery = problem('api/sql-invalid', { reason: reasonOf(message, sql) })
    return { ...failure, problem: shown(problemOfQuery) }
  }
  // Files beside the lake's own, as those of external models.
  if (/^Permission Error/i.test(message)) {
    const reason = 'it reads files that are not open to ad hoc SQL'
    return { ...failure, problem: shown(problem('api/sql-invalid', { reason })) }
  }
  return { ...failure, broken: fatal.test(message) || !(error instanceof Error) }
}

function reasonOf(message: string, sql: string): string {
  const [first = ''] = message.split('\n')
  const line = first.replace(/^[\w ]+ Error: /, '').slice(0, maxReason)
  const leak = internals.exec(line)
  return leak === null || sql.includes(leak[0]) ? line : 'it fails while it runs'
}

function shown({
  code,
  message,
  hint,
  httpStatus,
}: MillraceError): NonNullable<Failure['problem']> {
  const text = message.slice(0, maxReason)
  return { code, message: text, httpStatus, ...(hint === undefined ? {} : { hint }) }
}
