/** What DuckDB is told about an object store; apart from the client, which takes long to load. */
import { quoteLiteral } from '../sql.ts'
import type { S3Options } from './s3.ts'

/**
 * The DuckDB statement that gives `s3://` paths of the buckets these credentials. Needs httpfs, and aws for AWS's
 * credential chain.
 */
export function s3SecretSql(
  name: string,
  options: S3Options,
  buckets: readonly string[] = [options.bucket],
): string {
  const parts = ['type s3', `region ${quoteLiteral(options.region)}`]
  if (options.accessKeyId === undefined) {
    // Those of a role end after an hour or so, and a registrar runs for weeks.
    parts.push('provider credential_chain', 'refresh auto')
  } else {
    parts.push(`key_id ${quoteLiteral(options.accessKeyId)}`)
    parts.push(`secret ${quoteLiteral(options.secretAccessKey ?? '')}`)
  }
  if (options.endpoint !== undefined) {
    const url = new URL(options.endpoint)
    parts.push(`endpoint ${quoteLiteral(url.host)}`, `use_ssl ${url.protocol === 'https:'}`)
  }
  parts.push(`url_style ${quoteLiteral(options.pathStyle ? 'path' : 'vhost')}`)
  const scopes = [...new Set(buckets)].map((bucket) => quoteLiteral(`s3://${bucket}/`))
  parts.push(`scope [${scopes.join(', ')}]`)
  return `create or replace secret ${name} (${parts.join(', ')})`
}
