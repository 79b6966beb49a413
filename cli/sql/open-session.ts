/** A session on what `millrace build` writes to: the lake, or the database of a dbt profile. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import { type LakeOptions, lakeName } from '../../core/clients/lake/attach.ts'
import { explainLakeError } from '../../core/clients/lake/failures.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { findCause, MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { withoutSecrets } from '../../core/redact.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { DuckdbProfile } from '../../transform/index.ts'
import { openConfiguredLake } from '../context.ts'
import { noHistory } from '../require-lake.ts'
import type { Place } from '../runner/run-context.ts'
import { openStandingLake } from '../standing-lake.ts'
import { Session } from './session.ts'

type SessionOptions = {
  readonly write: boolean
  readonly at?: NonNullable<LakeOptions['at']> | undefined
}

/** @throws as `openLakeSession` and `openProfileSession` */
export function openSession(place: Place, options: SessionOptions): Promise<Session> {
  return place.kind === 'lake'
    ? openLakeSession(place.config, options)
    : openProfileSession(place.config, place.profile, options)
}

/**
 * Attaches the lake and makes it the default database. Only a session that may write makes one that is not there.
 * @throws `cli/no-lake`, `lake/unknown-snapshot`, and what opening the lake throws
 */
export async function openLakeSession(
  config: Config,
  { write, at }: SessionOptions,
): Promise<Session> {
  const lake = await explained(() =>
    write
      ? openConfiguredLake(config)
      : openStandingLake(config, { readOnly: true, ...(at && { at }) }),
  )
  const connection = await lake.connect()
  await connection.run(`use ${lakeName}`)
  if (!write) await lockSettings(connection)
  const explain = (error: unknown) => explainLakeError(error, lake.options)
  return new Session({ connection, catalog: lakeName, explain, close: () => lake.close() }, write)
}

/**
 * Opens the database of a profile, its own schema the default one. Only a session that may write makes a file.
 * @throws `cli/no-database`, `cli/no-history`, `lake/unknown-snapshot`, and as `openProfile`
 */
async function openProfileSession(
  config: Config,
  profile: DuckdbProfile,
  { write, at }: SessionOptions,
): Promise<Session> {
  const { database, hidden, isDucklake } = profile
  if (at !== undefined && !isDucklake) throw noHistory(profile, '--at')
  if (!write) assertThere(profile)
  const { openProfile, withoutHidden } = await import('../../transform/index.ts')
  const { memory_limit: memoryLimit, max_temp_size: maxTempSize } = config.settings.duckdb
  const options = {
    extensionDirectory: join(config.cacheDir, 'duckdb-extensions'),
    ...{ memoryLimit, maxTempSize, clock: systemClock, readOnly: !write, at },
  }
  const duckdb = await explained(() => openProfile(profile, options)).catch((error: unknown) => {
    throw explainMissing(error, profile, at)
  })
  const connection = await duckdb.connect()
  await connection.run(`use ${await defaultSchema(connection, profile)}`)
  if (!write) await lockSettings(connection)
  const explain = (error: unknown) => withoutHidden(error, hidden)
  return new Session({ connection, catalog: database, explain, close: () => duckdb.close() }, write)
}

/** Some settings write: the query log and the profiler have files of their own. */
async function lockSettings(connection: DuckDBConnection): Promise<void> {
  await connection.run('set global lock_configuration = true')
}

function assertThere({ path, target, hidden }: DuckdbProfile): void {
  if (path === ':memory:' || /^\w+:/.test(path) || existsSync(path)) return
  throw problem('cli/no-database', { target, where: withoutSecrets(path, hidden) })
}

/** The schema of the profile, which the first build makes. */
async function defaultSchema(
  connection: DuckDBConnection,
  { database, schema }: DuckdbProfile,
): Promise<string> {
  const found = await queryRows(
    connection,
    `select 1 from duckdb_schemas() where database_name = ${quoteLiteral(database)} and schema_name = ${quoteLiteral(schema)}`,
  )
  return found.length === 0 ? quoteIdent(database) : `${quoteIdent(database)}.${quoteIdent(schema)}`
}

function explainMissing(
  error: unknown,
  { target, path, database, hidden }: DuckdbProfile,
  at: SessionOptions['at'],
): unknown {
  const says = (pattern: RegExp) =>
    findCause(error, ({ message }) => pattern.test(message)) !== undefined
  if (says(/existing DuckLake|unable to open database|database does not exist/i)) {
    return problem('cli/no-database', { target, where: withoutSecrets(path, hidden) })
  }
  if (at === undefined || !says(/snapshot/i)) return error
  const asked = 'snapshot' in at ? String(at.snapshot) : at.time
  return problem('lake/unknown-snapshot', { at: asked, catalog: quoteIdent(database) })
}

async function explained<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const reason = messageOf(error)
    if (!/timestamp field format/i.test(reason)) throw error
    throw problem('cli/bad-arguments', { reason: `--at: ${reason}`, command: 'millrace sql' })
  }
}
