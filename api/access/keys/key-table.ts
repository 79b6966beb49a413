/** `millrace.api_keys` in PostgreSQL: made by the first `millrace keys create`, read by every server. */
import type { ClientBase } from 'pg'
import { problem } from '../../../core/problems.ts'
import { isShapeError, sqlStateOf } from '../../sources/postgres-errors.ts'
import type { NewKey } from './key-text.ts'

/** PostgreSQL's channel that is notified of each change. */
export const keysChannel = 'millrace_api_keys'

/** A key that may be used now, as the server holds it. */
export type LiveKey = {
  readonly prefix: string
  readonly hash: Buffer
  readonly roles: readonly string[]
  readonly expiresAt: Date | undefined
}

/** A key as people see it. */
export type ListedKey = {
  readonly prefix: string
  readonly name: string
  readonly roles: readonly string[]
  readonly state: 'live' | 'expired' | 'revoked'
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
  readonly revokedAt: Date | undefined
  /** To about half a minute. */
  readonly lastUsedAt: Date | undefined
}

export type KeyWish = {
  readonly name: string
  readonly roles: readonly string[]
  /** Milliseconds it lives; undefined: until it is revoked. */
  readonly lifetimeMs: number | undefined
}

type Database = Pick<ClientBase, 'query'>

const definition = `
  create table if not exists millrace.api_keys (
    prefix text primary key check (prefix ~ '^[a-z0-9]{8}$'),
    hash bytea not null check (length(hash) = 32),
    name text not null,
    roles text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
  );
  comment on table millrace.api_keys is 'Keys of the HTTP API; of the key itself only its SHA-256 is here'`

/** Makes the table unless it is there. */
export async function ensureKeyTable(database: Database): Promise<void> {
  const { rows } = await database.query<{ there: boolean }>(
    `select to_regclass('millrace.api_keys') is not null as there`,
  )
  if (rows[0]?.there) return
  // Two that begin together would trip over each other's CREATE.
  await database.query(`
    begin;
    select pg_advisory_xact_lock(hashtext('millrace.api_keys'), 0);
    create schema if not exists millrace;
    ${definition};
    commit`)
}

/** Stores a key and tells the servers. */
export async function insertKey(database: Database, key: NewKey, wish: KeyWish): Promise<void> {
  await database.query(
    `with added as (
       insert into millrace.api_keys (prefix, hash, name, roles, expires_at)
       values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond')
       returning prefix
     )
     select pg_notify('${keysChannel}', prefix) from added`,
    [key.prefix, key.hash, wish.name, wish.roles, wish.lifetimeMs ?? null],
  )
}

/** Revokes a key and tells the servers; one that is revoked stays so since then. @throws `api/unknown-key` */
export async function revokeKey(database: Database, prefix: string): Promise<void> {
  const revoke = database.query(
    `with revoked as (
       update millrace.api_keys set revoked_at = coalesce(revoked_at, now())
       where prefix = $1 returning prefix
     )
     select pg_notify('${keysChannel}', prefix) from revoked`,
    [prefix],
  )
  const { rows } = await revoke.catch(noneWithoutTable)
  if (rows.length === 0) throw problem('api/unknown-key', { prefix })
}

/** All keys there ever were, the newest first. */
export async function listKeys(database: Database): Promise<ListedKey[]> {
  const select = database.query<Dates<ListedKey>>(
    `select prefix, name, roles,
       case when revoked_at is not null then 'revoked'
         when expires_at <= now() then 'expired' else 'live' end as state,
       created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
       last_used_at as "lastUsedAt"
     from millrace.api_keys order by created_at desc, prefix`,
  )
  const { rows } = await select.catch(noneWithoutTable)
  return rows.map((row) => ({
    ...row,
    expiresAt: row.expiresAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
  }))
}

/** The keys that may be used now; none when there is no table yet. */
export async function readLiveKeys(database: Database): Promise<LiveKey[]> {
  const select = database.query<Dates<LiveKey>>(
    `select prefix, hash, roles, expires_at as "expiresAt" from millrace.api_keys
     where revoked_at is null and (expires_at is null or expires_at > now())`,
  )
  const { rows } = await select.catch(noneWithoutTable)
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt ?? undefined }))
}

/** Writes when keys were last used, in one statement. @param used prefix → time */
export async function writeLastUsed(
  database: Database,
  used: ReadonlyMap<string, Date>,
): Promise<void> {
  await database.query(
    `update millrace.api_keys set last_used_at = used.at
     from unnest($1::text[], $2::timestamptz[]) as used (prefix, at)
     where api_keys.prefix = used.prefix
       and (api_keys.last_used_at is null or api_keys.last_used_at < used.at)`,
    [[...used.keys()], [...used.values()]],
  )
}

/** A right that the login lacks as `api/keys-not-permitted`; any other error as it is. */
export function explainKeyError(cause: unknown): unknown {
  if (!(cause instanceof Error) || sqlStateOf(cause) !== '42501') return cause
  return problem('api/keys-not-permitted', { reason: cause.message }, { cause })
}

/** What PostgreSQL gives where a value may be missing. */
type Dates<Row> = {
  readonly [Name in keyof Row]: undefined extends Row[Name] ? Date | null : Row[Name]
}

function noneWithoutTable(error: unknown): { rows: never[] } {
  if (isShapeError(error)) return { rows: [] }
  throw error
}
