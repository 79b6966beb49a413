import { describe, expect, it } from 'vitest'
import {
  attachmentSql,
  extensionsOfPath,
  extensionsOfSecret,
  secretSql,
} from '../../../../../transform/adapters/duckdb/setup-sql.ts'
import type { Attachment, ProfileSecret } from '../../../../../transform/project/profiles-duckdb.ts'

const at = { file: 'profiles.yml' }

function secret(given: Partial<ProfileSecret>): ProfileSecret {
  const none = { provider: undefined, scope: [], parameters: {}, persistent: false }
  return { type: 's3', name: '_dbt_secret_1', ...none, at, ...given }
}

function attachment(given: Partial<Attachment>): Attachment {
  const none = { alias: undefined, type: undefined, secret: undefined, options: {} }
  return { path: 'a.db', readOnly: false, isDucklake: false, ...none, at, ...given }
}

describe('secretSql', () => {
  it('quotes names and values, and gives every scope', () => {
    expect(
      secretSql(
        secret({
          parameters: { key_id: "it's", use_ssl: false, extra_http_headers: { a: "b'c" } },
          scope: ['s3://a', 's3://b'],
        }),
      ),
    ).toBe(
      `create or replace secret "_dbt_secret_1" (type 's3', "key_id" 'it''s', "use_ssl" 'false', "extra_http_headers" map {'a': 'b''c'}, scope ['s3://a', 's3://b'])`,
    )
  })

  it('says provider and persistence', () => {
    expect(secretSql(secret({ provider: 'credential_chain', persistent: true, name: 'x' }))).toBe(
      `create or replace persistent secret "x" (type 's3', provider 'credential_chain')`,
    )
  })
})

describe('attachmentSql', () => {
  it('puts alias, type, secret and options where DuckDB wants them', () => {
    expect(attachmentSql(attachment({}))).toBe(`attach if not exists 'a.db'`)
    expect(
      attachmentSql(
        attachment({
          path: "it's.db",
          alias: 'other',
          type: 'ducklake',
          secret: 'mine',
          readOnly: true,
          options: {
            data_path: 'data/',
            limit: 10,
            encrypted: true,
            off: false,
            quoted: "'it''s'",
          },
        }),
      ),
    ).toBe(
      `attach if not exists 'it''s.db' as "other" (type "ducklake", secret "mine", read_only, "data_path" 'data/', "limit" 10, "encrypted", "quoted" 'it''s')`,
    )
  })
})

describe('the extensions', () => {
  it.each([
    ['a.duckdb', undefined, []],
    [':memory:', undefined, []],
    ['ducklake:meta.ducklake', undefined, ['ducklake']],
    ['ducklake:sqlite:meta.db', undefined, ['ducklake', 'sqlite_scanner']],
    ['ducklake:postgres:dbname=x', 'ducklake', ['ducklake', 'postgres_scanner']],
    ['host=x', 'postgres', ['postgres_scanner']],
    ['s3://bucket/a.db', undefined, ['httpfs']],
  ])('of the path %s (type %s) are %j', (path, type, extensions) => {
    expect(extensionsOfPath(path, type)).toEqual(extensions)
  })

  it('of a secret are those of its type, and of its provider', () => {
    expect(extensionsOfSecret(secret({}))).toEqual(['httpfs'])
    expect(extensionsOfSecret(secret({ provider: 'credential_chain' }))).toEqual(['httpfs', 'aws'])
    expect(extensionsOfSecret(secret({ type: 'azure' }))).toEqual(['azure'])
  })
})
