/** The DuckDB of a profile: opened, with its extensions, secrets, attachments and settings in place. */
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  type Duckdb,
  type DuckdbOptions,
  openDuckdb,
  queryRows,
} from '../../../core/clients/duckdb.ts'
import { loadExtension } from '../../../core/clients/duckdb-extensions.ts'
import type { LakeOptions } from '../../../core/clients/lake/attach.ts'
import type { Clock } from '../../../core/clock.ts'
import { isProblem, MillraceError, messageOf, type Position } from '../../../core/errors.ts'
import { problem } from '../../../core/problems.ts'
import { withoutSecrets } from '../../../core/redact.ts'
import { quoteIdent, quoteLiteral } from '../../../core/sql.ts'
import type { DuckdbProfile } from '../../project/profiles.ts'
import { type Attachment, databaseOf, isDucklakePath } from '../../project/profiles-duckdb.ts'
import {
  attachmentSql,
  extensionFile,
  extensionsOfPath,
  extensionsOfSecret,
  secretSql,
} from './setup-sql.ts'

export type ProfileOptions = Pick<
  DuckdbOptions,
  'extensionDirectory' | 'memoryLimit' | 'maxTempSize'
> & {
  readonly clock: Clock
  /** Opens what is there, makes nothing and changes nothing. */
  readonly readOnly?: boolean | undefined
  /** Shows the DuckLake that models go to as it was. */
  readonly at?: LakeOptions['at'] | undefined
}

/**
 * Opens the database of a profile, which is made when it is not there and may be written.
 * @throws `profile/database-locked` and `profile/unreachable` (retryable), `profile/cannot-open`,
 * `profile/extension-missing`, `profile/statement-failed`; none shows a secret
 */
export async function openProfile(
  profile: DuckdbProfile,
  options: ProfileOptions,
): Promise<Duckdb> {
  const duckdb = await connect(profile, options)
  try {
    const attachments = attachmentsOf(profile).map((one) => asAsked(one, profile, options))
    await duckdb.withConnection((connection) => prepare(connection, profile, attachments, duckdb))
    const use = isDucklakePath(profile.path) ? [`use ${quoteIdent(databaseOf(profile.path))}`] : []
    duckdb.onConnect([...settingsSql(profile), ...use])
    return duckdb
  } catch (error) {
    duckdb.close()
    throw error
  }
}

/** A file that another process holds is tried again as often as `retries` says, with dbt-duckdb's growing waits. */
async function connect(profile: DuckdbProfile, options: ProfileOptions): Promise<Duckdb> {
  const { path, configOptions, connectAttempts } = profile
  const config = Object.entries(configOptions).map(([key, value]) => [key, String(value)])
  const { clock, readOnly, at: _, ...rest } = options
  const inMemory = isDucklakePath(path) || path === ':memory:'
  const access = readOnly && !inMemory ? { access_mode: 'READ_ONLY' } : {}
  const directory = configOptions['extension_directory']
  for (let attempt = 1; ; attempt++) {
    try {
      return await openDuckdb({
        ...rest,
        ...(directory !== undefined && { extensionDirectory: String(directory) }),
        path: isDucklakePath(path) ? ':memory:' : path,
        extensions: extensionsOf(profile, attachmentsOf(profile)),
        config: {
          ...Object.fromEntries(config),
          ...access,
        },
      })
    } catch (error) {
      const explained = explainOpen(error, profile)
      const isLocked = isProblem(explained, 'profile/database-locked')
      if (!isLocked || attempt >= connectAttempts) throw explained
      await clock.sleep(1_000 * 2 ** (attempt - 1))
    }
  }
}

function explainOpen(error: unknown, profile: DuckdbProfile): unknown {
  if (error instanceof MillraceError) return error
  const reason = reasonOf(error, profile)
  const locked = lockedProblem(profile.path, profile.pathAt, reason, profile)
  if (locked !== undefined) return locked
  if (/options were not recognized|unrecognized configuration/i.test(reason)) {
    return refused('config_options', reason, profile.configOptionsAt)
  }
  const parameters = { path: withoutSecrets(profile.path, profile.hidden), reason }
  return problem('profile/cannot-open', parameters, { at: profile.pathAt })
}

/** What DuckDB said of a lock that somebody else holds. */
function lockedProblem(path: string, at: Position, reason: string, { hidden }: DuckdbProfile) {
  if (!/could not set lock|conflicting lock|being used by another process/i.test(reason)) {
    return undefined
  }
  const holder = /held in (.*?)(?:\. See|$)/.exec(reason)?.[1] ?? reason
  return problem('profile/database-locked', { path: withoutSecrets(path, hidden), holder }, { at })
}

async function prepare(
  connection: DuckDBConnection,
  profile: DuckdbProfile,
  attachments: readonly Attachment[],
  { extensionDirectory }: Duckdb,
): Promise<void> {
  let loaded: Set<string> | undefined
  const load = async (name: string, at: Position) => {
    const file = extensionFile(name)
    loaded ??= await loadedExtensions(connection)
    if (loaded.has(file)) return
    await loadNamed(connection, extensionDirectory, file, at)
    loaded.add(file)
  }
  const run = (sql: string, what: string, at: Position) =>
    runGuarded(connection, sql, (error) => explainStatement(error, what, at, profile))
  for (const { name, at } of profile.extensions) await load(name, at)
  for (const secret of profile.secrets) {
    for (const name of extensionsOfSecret(secret)) await load(name, secret.at)
    await run(secretSql(secret), `The secret ${secret.name}`, secret.at)
  }
  for (const attachment of attachments) {
    const { path, type, at } = attachment
    for (const name of extensionsOfPath(path, type)) await load(name, at)
    const what = `Attaching ${withoutSecrets(path, profile.hidden)}`
    await runGuarded(connection, attachmentSql(attachment), (error) => {
      const reason = reasonOf(error, profile)
      return lockedProblem(path, at, reason, profile) ?? explainStatement(error, what, at, profile)
    })
  }
  for (const [index, sql] of settingsSql(profile).entries()) {
    const name = Object.keys(profile.settings)[index] ?? ''
    await run(sql, `The setting ${name}`, profile.settingsAt)
  }
}

/** Asked only where an extension is needed: DuckDB looks at a folder for the answer. */
async function loadedExtensions(connection: DuckDBConnection): Promise<Set<string>> {
  const rows = await queryRows(
    connection,
    'select extension_name from duckdb_extensions() where loaded',
  )
  return new Set(rows.map((row) => String(row['extension_name'])))
}

/** What makes the database of a profile part of another DuckDB; the statements hold its secrets. */
export function profileAttachSql(
  profile: DuckdbProfile,
  readOnly: boolean,
): { readonly extensions: readonly string[]; readonly statements: readonly string[] } {
  const { path, pathAt: at, secrets } = profile
  const own = { path, at, alias: databaseOf(path), type: undefined, secret: undefined }
  const isFile = path !== ':memory:' && !isDucklakePath(path)
  const attachments = attachmentsOf(profile)
  if (isFile) attachments.unshift({ ...own, readOnly, isDucklake: false, options: {} })
  const statements = [
    ...secrets.map(secretSql),
    ...attachments.map((one) => attachmentSql(readOnly ? { ...one, readOnly } : one)),
  ]
  return { extensions: extensionsOf(profile, attachments), statements }
}

function extensionsOf(
  { extensions, secrets }: DuckdbProfile,
  attachments: readonly Pick<Attachment, 'path' | 'type'>[],
): string[] {
  const needed = [
    ...extensions.map(({ name }) => extensionFile(name)),
    ...secrets.flatMap(extensionsOfSecret),
    ...attachments.flatMap(({ path, type }) => extensionsOfPath(path, type)),
  ]
  return [...new Set(needed)]
}

/** DuckDB makes neither a lake nor a file where it attaches one to be read. */
function asAsked(
  attachment: Attachment,
  { database }: DuckdbProfile,
  { readOnly, at }: ProfileOptions,
): Attachment {
  const asked = readOnly ? { ...attachment, readOnly: true } : attachment
  const { alias = databaseOf(attachment.path), options } = attachment
  if (at === undefined || !attachment.isDucklake || alias !== database) return asked
  const past = 'snapshot' in at ? { snapshot_version: at.snapshot } : { snapshot_time: at.time }
  return { ...asked, options: { ...options, ...past } }
}

/** What the profile attaches, after the DuckLake that its path names. */
function attachmentsOf({ path, pathAt, attach }: DuckdbProfile): Attachment[] {
  if (!isDucklakePath(path)) return [...attach]
  const own = { path, at: pathAt, alias: databaseOf(path) }
  const none = { type: undefined, secret: undefined, readOnly: false, options: {} }
  return [{ ...own, ...none, isDucklake: true }, ...attach]
}

function settingsSql({ settings }: DuckdbProfile): string[] {
  return Object.entries(settings).map(
    ([key, value]) => `set ${quoteIdent(key)} = ${quoteLiteral(String(value))}`,
  )
}

async function loadNamed(
  connection: DuckDBConnection,
  directory: string,
  extension: string,
  at: Position,
): Promise<void> {
  try {
    await loadExtension(connection, directory, extension)
  } catch (error) {
    if (!isProblem(error, 'lake/extension-missing')) throw error
    throw problem('profile/extension-missing', { extension, directory }, { at })
  }
}

async function runGuarded(
  connection: DuckDBConnection,
  sql: string,
  explain: (error: unknown) => unknown,
): Promise<void> {
  try {
    await connection.run(sql)
  } catch (error) {
    // Without the cause: DuckDB's own text may quote the statement with the secret in it.
    throw explain(error)
  }
}

const unreachable =
  /unable to connect|connection.*(refused|reset|timed out|not open)|could(n't| not) establish|HTTP Error|timeout/i

function explainStatement(
  error: unknown,
  what: string,
  at: Position,
  profile: DuckdbProfile,
): MillraceError {
  const reason = reasonOf(error, profile)
  if (unreachable.test(reason)) return problem('profile/unreachable', { what, reason }, { at })
  return refused(what, reason, at)
}

function refused(what: string, reason: string, at: Position): MillraceError {
  return problem('profile/statement-failed', { what, reason }, { at })
}

function reasonOf(error: unknown, { hidden }: DuckdbProfile): string {
  return withoutSecrets(messageOf(error).split('\n')[0] ?? '', hidden)
}
