/** PostgreSQL by `pg`: a pool whose failures say which server, never which password. */
import { Client, Pool, type PoolClient, types } from 'pg'
import { messageOf } from '../errors.ts'
import { problem } from '../problems.ts'
import { describePostgres } from './describe-postgres.ts'

export type PostgresOptions = {
  readonly url: string
  readonly maxConnections?: number
  readonly applicationName?: string
  /** Milliseconds a statement may take; 0 is no limit. Default 0. */
  readonly statementTimeoutMs?: number
}

/** BIGINT becomes `bigint`; DATE and TIMESTAMP stay text, because JavaScript's Date would shift them by the zone. */
const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
    if (oid === types.builtins.INT8) return (text) => BigInt(text)
    if (oid === types.builtins.DATE || oid === types.builtins.TIMESTAMP) return (text) => text
    return types.getTypeParser(oid, format ?? 'text')
  },
}

/** Opens a pool; connections are made when they are needed. End it with `pool.end()`. */
export function openPostgres(options: PostgresOptions): Pool {
  const pool = new Pool({ ...settingsOf(options), max: options.maxConnections ?? 10 })
  // An idle connection that breaks is replaced at the next query, which then reports what is wrong.
  pool.on('error', () => {})
  // The same for one that is taken out and between two statements; without a listener it would end the process.
  pool.on('connect', (client) => {
    client.on('error', () => {})
  })
  return pool
}

/** Opens one connection that takes statements before it has answered the ones before. End it with `end()`. */
export async function connectPipelined(options: PostgresOptions): Promise<Client> {
  const client = new Client({ ...settingsOf(options), pipeline: true })
  client.on('error', () => {})
  await client.connect()
  return client
}

function settingsOf({ url, applicationName, statementTimeoutMs }: PostgresOptions) {
  return {
    connectionString: url,
    application_name: applicationName ?? 'millrace',
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs ?? 0,
    types: typeParsers,
  }
}

/** One connection of a pool; give it back with `release()`. @throws as `explainConnectError` */
export async function connectPostgres(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect()
  } catch (cause) {
    throw explainConnectError(cause, describePostgres(pool.options.connectionString ?? ''))
  }
}

/** Why no connection came about: `publish/login-refused` or `publish/postgres-unreachable`. */
export function explainConnectError(cause: unknown, server: string): Error {
  const code = isLoginRefused(cause) ? 'publish/login-refused' : 'publish/postgres-unreachable'
  return problem(code, { server, reason: messageOf(cause) }, { cause })
}

/** Tells that the server answers and lets nobody in: a wrong password, role or database. */
export function isLoginRefused(error: unknown): boolean {
  const state = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(28|3D)...$/.test(state)
}
