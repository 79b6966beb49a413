import { describe, expect, it } from 'vitest'
import type { LakeOptions } from '../../../../core/clients/lake/attach.ts'
import { explainLakeError, isLakeConflict } from '../../../../core/clients/lake/failures.ts'
import { MillraceError } from '../../../../core/errors.ts'

const options: LakeOptions = {
  catalog: { kind: 'postgres', url: 'postgres://me:hunter2@host/db', schema: 'lake' },
  dataPath: 's3://bucket/lake/',
  s3: { endpoint: 'http://store', region: 'r', bucket: 'bucket', pathStyle: true },
}
const codeOf = (message: string) => {
  const explained = explainLakeError(new Error(message), options)
  return explained instanceof MillraceError ? explained.code : undefined
}

/** Words of DuckDB 1.5.5 and DuckLake 1.0. */
const failedCommit =
  'TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\n'

describe('a lost race', () => {
  it.each([
    `${failedCommit}Failed to flush changes into DuckLake: database is locked`,
    `${failedCommit}Transaction conflict - attempting to delete from table with index "1" - but another transaction has deleted from it`,
    `${failedCommit}Transaction conflict - attempting to create table "t" in schema "s" - but this table has been created by another transaction already`,
    'Invalid Input Error: Failed to load DuckLake - Table entry "t" does not have any columns',
  ])('is seen in %j', (message) => {
    expect(isLakeConflict(new Error(message))).toBe(true)
    expect(isLakeConflict(new Error('outer', { cause: new Error(message) }))).toBe(true)
  })

  it.each([
    "Conversion Error: Could not convert string 'deadlock detected' to INT32",
    'Binder Error: Referenced column "conflicts on" not found in FROM clause!',
    'Invalid Input Error: another transaction',
  ])('is not seen in %j, which a statement is to blame for', (message) => {
    expect(isLakeConflict(new Error(message))).toBe(false)
  })
})

describe('an outage', () => {
  it.each([
    [
      "IO Error: Could not connect to server error for HTTP PUT to 'http://127.0.0.1:1/b/a.parquet'",
      'lake/store-unreachable',
    ],
    [
      "HTTP Error: HTTP GET error reading 's3://b/a.parquet' in region '' (HTTP 503 Slow Down)",
      'lake/store-unreachable',
    ],
    [
      'TransactionContext Error: Failed to get data file list from DuckLake: Current transaction is aborted (please ROLLBACK)',
      'lake/catalog-unreachable',
    ],
    [
      `IO Error: Unable to connect to Postgres at "host='h' password='x'": connection to server at "h", port 1 failed: Connection refused`,
      'lake/catalog-unreachable',
    ],
    [
      'Binder Error: Failed to get data file list from DuckLake: Failed to prepare query "SELECT 1\n FROM x": server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally',
      'lake/catalog-unreachable',
    ],
    [
      `Invalid Error: Failed to get global stats information from DuckLake: Failed to prepare COPY "COPY (SELECT "id" FROM t WHERE "id" = '8') TO STDOUT (FORMAT "binary");": \n`,
      'lake/catalog-unreachable',
    ],
  ])('is seen in %j', (message, code) => {
    expect(codeOf(message)).toBe(code)
  })

  it.each([
    'Conversion Error: invalid date field format: "connection refused", expected format is (YYYY-MM-DD)',
    'Binder Error: Referenced column "server closed the connection" not found in FROM clause!',
    'IO Error: Cannot open file "/folder/http.parquet": No such file or directory',
    'IO Error: No files found that match the pattern "s3://bucket/none/*.parquet"',
    "HTTP Error: HTTP GET error reading 's3://bucket/none.parquet' in region '' (HTTP 404 Not Found)",
  ])('is not seen in %j, which a statement is to blame for', (message) => {
    expect(codeOf(message)).toBeUndefined()
  })

  it('is told without the password, whatever characters that has', () => {
    const conninfo = String.raw`host='h' user='me' password='a"b\'c: d'`
    const message = `IO Error: Failed to attach at path + "postgres:${conninfo}"Unable to connect to Postgres at "${conninfo}": connection to server at "h" failed: Connection refused\n\tIs it running?`
    expect(explainLakeError(new Error(message), options)).toMatchObject({
      message: "The lake's catalog (PostgreSQL host:5432/db) does not answer: Connection refused",
    })
  })
})
