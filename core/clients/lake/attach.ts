/** The statements that attach a lake to a DuckDB, for ourselves and for a stock DuckDB shell. */
import { quoteIdent, quoteLiteral } from '../../sql.ts'
import type { S3Options } from '../s3.ts'
import { s3SecretSql } from '../s3-secret.ts'

/** The name under which the lake is attached everywhere. */
export const lakeName = 'lake'

export type LakeCatalog =
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }
  | { readonly kind: 'sqlite'; readonly path: string }

export type LakeOptions = {
  readonly catalog: LakeCatalog
  /** `s3://bucket/prefix/` or an absolute directory, with a slash at the end. */
  readonly dataPath: string
  /** Needed for `s3://` paths. */
  readonly s3?: S3Options | undefined
  readonly readOnly?: boolean
  /** Refuses to make a lake where there is none; reading never makes one. */
  readonly mustExist?: boolean
  /** Shows the lake as it was: a snapshot id, or an instant in ISO 8601. */
  readonly at?: { readonly snapshot: number } | { readonly time: string }
}

/** Extensions the options need, in the order in which they are loaded. */
export function extensionsOf({ catalog, s3 }: LakeOptions): string[] {
  const scanner = catalog.kind === 'postgres' ? 'postgres_scanner' : 'sqlite_scanner'
  if (s3 === undefined) return ['ducklake', scanner]
  // Only this extension can ask AWS's default chain for credentials.
  const chain = s3.accessKeyId === undefined ? ['aws'] : []
  return ['ducklake', scanner, 'httpfs', ...chain]
}

/** Secret and ATTACH, one statement each; the extensions have to be loaded. */
export function attachSql(options: LakeOptions): string[] {
  const parameters = [`data_path ${quoteLiteral(options.dataPath)}`, 'data_inlining_row_limit 0']
  if (options.catalog.kind === 'postgres') {
    parameters.push(`metadata_schema ${quoteLiteral(options.catalog.schema)}`)
  } else {
    // Without WAL an open reader blocks every commit; 5 s is longer than any commit of ours.
    parameters.push(`meta_journal_mode 'WAL'`, 'meta_busy_timeout 5000')
  }
  if (options.readOnly === true) parameters.push('read_only')
  if (options.mustExist === true) parameters.push('create_if_not_exists false')
  if (options.at !== undefined) {
    parameters.push(
      'snapshot' in options.at
        ? `snapshot_version ${options.at.snapshot}`
        : `snapshot_time ${quoteLiteral(options.at.time)}`,
    )
  }
  const attach = `attach ${quoteLiteral(catalogUri(options.catalog))} as ${quoteIdent(lakeName)} (${parameters.join(', ')})`
  if (options.s3 === undefined) return [attach]
  const own = /^s3:\/\/([^/]+)/.exec(options.dataPath)?.[1]
  const buckets = own === undefined ? [options.s3.bucket] : [options.s3.bucket, own]
  return [s3SecretSql('lake_store', options.s3, buckets), attach]
}

function catalogUri(catalog: LakeCatalog): string {
  if (catalog.kind === 'sqlite') return `ducklake:sqlite:${catalog.path}`
  return `ducklake:postgres:${toConninfo(catalog.url)}`
}

/** `postgres://user:password@host:port/database?key=value` as libpq's `key='value'` list. */
export function toConninfo(url: string): string {
  const parsed = new URL(url)
  const parts: [string, string][] = [
    ['host', parsed.hostname.replaceAll(/[[\]]/g, '')], // an IPv6 address stands in brackets in a URL
    ['port', parsed.port || '5432'],
    ['dbname', decodeURIComponent(parsed.pathname.slice(1))],
    ['user', decodeURIComponent(parsed.username)],
    ['password', decodeURIComponent(parsed.password)],
    ...parsed.searchParams.entries(),
  ]
  return parts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}='${value.replaceAll(/[\\']/g, '\\$&')}'`)
    .join(' ')
}
