/** The statements that a profile's secrets and attachments become, and the extensions they need. */
import { quoteIdent, quoteLiteral } from '../../../core/sql.ts'
import type { Attachment, ProfileSecret, SecretValue } from '../../project/profiles-duckdb.ts'
import { isScalar, type Scalar } from '../../project/profiles-values.ts'

/** `create secret`; the text holds the secret, so it is for DuckDB alone. */
export function secretSql(secret: ProfileSecret): string {
  const { type, name, persistent, provider, scope, parameters } = secret
  const parts = [
    `type ${quoteLiteral(type)}`,
    ...(provider === undefined ? [] : [`provider ${quoteLiteral(provider)}`]),
    ...Object.entries(parameters).map(([key, value]) => `${quoteIdent(key)} ${valueSql(value)}`),
    ...(scope.length === 0 ? [] : [`scope [${scope.map(quoteLiteral).join(', ')}]`]),
  ]
  const kind = persistent ? 'persistent secret' : 'secret'
  return `create or replace ${kind} ${quoteIdent(name)} (${parts.join(', ')})`
}

function valueSql(value: SecretValue): string {
  if (isScalar(value)) return quoteLiteral(String(value))
  if (isList(value)) return `[${value.map((item) => quoteLiteral(String(item))).join(', ')}]`
  const entries = Object.entries(value).map(
    ([key, item]) => `${quoteLiteral(key)}: ${quoteLiteral(String(item))}`,
  )
  return `map {${entries.join(', ')}}`
}

function isList(value: SecretValue): value is readonly Scalar[] {
  return Array.isArray(value)
}

/** `attach`; an option that is true stands by itself, and one that is false is left out, as in dbt-duckdb. */
export function attachmentSql(attachment: Attachment): string {
  const { path, alias, type, secret, readOnly, options } = attachment
  const parts = [
    ...(type === undefined ? [] : [`type ${quoteIdent(type)}`]),
    ...(secret === undefined ? [] : [`secret ${quoteIdent(secret)}`]),
    ...(readOnly ? ['read_only'] : []),
    ...Object.entries(options).flatMap(([key, value]) => optionSql(key, value)),
  ]
  const named = alias === undefined ? '' : ` as ${quoteIdent(alias)}`
  const list = parts.length === 0 ? '' : ` (${parts.join(', ')})`
  return `attach if not exists ${quoteLiteral(path)}${named}${list}`
}

function optionSql(key: string, value: Scalar): string[] {
  if (typeof value === 'boolean') return value ? [quoteIdent(key)] : []
  if (typeof value === 'number') return [`${quoteIdent(key)} ${value}`]
  // dbt-duckdb takes text that is quoted already as it stands.
  const [, inner] = /^\s*'(.*)'\s*$|^\s*"(.*)"\s*$/s.exec(value) ?? []
  const plain = inner === undefined ? value : inner.replaceAll("''", "'")
  return [`${quoteIdent(key)} ${quoteLiteral(plain)}`]
}

/** Extensions by what paths, types and users call them. */
const extensionNames: Readonly<Record<string, string>> = {
  postgres: 'postgres_scanner',
  postgresql: 'postgres_scanner',
  sqlite: 'sqlite_scanner',
  sqlite3: 'sqlite_scanner',
  mysql: 'mysql_scanner',
  ducklake: 'ducklake',
  iceberg: 'iceberg',
  azure: 'azure',
  http: 'httpfs',
  https: 'httpfs',
  s3: 'httpfs',
  r2: 'httpfs',
  gcs: 'httpfs',
  gs: 'httpfs',
  huggingface: 'httpfs',
}

/** The name of an extension's file. */
export function extensionFile(name: string): string {
  const known = name.toLowerCase()
  return extensionNames[known] ?? known
}

export function extensionsOfSecret({ type, provider }: ProfileSecret): string[] {
  const own = extensionNames[type.toLowerCase()]
  const chain = provider === 'credential_chain' && own === 'httpfs' ? ['aws'] : []
  return own === undefined ? [] : [own, ...chain]
}

/** From its type, and from what stands before the colons: `ducklake:sqlite:meta.db` needs two. */
export function extensionsOfPath(path: string, type?: string): string[] {
  const prefixes = /^(\w+:)*/.exec(path)?.[0].split(':') ?? []
  const names = [...(type === undefined ? [] : [type]), ...prefixes]
  const found = names.map((name) => extensionNames[name.toLowerCase()])
  return [...new Set(found)].filter((name) => name !== undefined)
}
