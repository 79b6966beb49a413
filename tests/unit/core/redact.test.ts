import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toConninfo } from '../../../core/clients/lake/attach.ts'
import { withoutCredentials, withoutPasswords, withoutSecrets } from '../../../core/redact.ts'
import { Secret } from '../../../core/secret.ts'
import { quoteLiteral } from '../../../core/sql.ts'

const password = fc
  .string({ minLength: 1, unit: fc.constantFrom(...`ab"'\\ :@/=&%é`) })
  .map((text) => `<${text}>`)

it('finds a password of any characters in an address, as libpq writes it, and in SQL', () => {
  fc.assert(
    fc.property(password, (text) => {
      const address = `postgres://me:${encodeURIComponent(text)}@host:5432/db?sslmode=require`
      const conninfo = toConninfo(address)
      expect(withoutPasswords(`at "${address}": no`)).toBe(
        'at "postgres://me:[redacted]@host:5432/db?sslmode=require": no',
      )
      const clean = `host='host' port='5432' dbname='db' user='me' password='[redacted]' sslmode='require'`
      expect(withoutPasswords(`at "${conninfo}": no`)).toBe(`at "${clean}": no`)
      const attach = withoutPasswords(`LINE 1: attach ${quoteLiteral(conninfo)} as pg`)
      expect(attach).toContain("password='[redacted]' sslmode=''require'''")
      expect(attach).not.toContain('>')
    }),
  )
})

it('finds the key of an object store in the statement that makes it known', () => {
  expect(withoutPasswords(`(type s3, key_id 'AK', secret 'it''s', scope 's3://b')`)).toBe(
    `(type s3, key_id 'AK', secret '[redacted]', scope 's3://b')`,
  )
})

it('leaves other text alone', () => {
  const text = 'create secret s: https://example.org:80/a@b, the password is wrong, password = $1'
  expect(withoutPasswords(text)).toBe(text)
})

it('takes a token out of an address of the web, and leaves the user of ssh', () => {
  expect(withoutCredentials('https://tok@h/r.git https://x:tok@h/r ssh://git@h/r git@h:o/r')).toBe(
    'https://[redacted]@h/r.git https://[redacted]@h/r ssh://git@h/r git@h:o/r',
  )
})

it('takes the values of secrets out, also where their quotes are doubled', () => {
  const secrets = [new Secret("it's me"), new Secret('abc'), new Secret('')]
  expect(withoutSecrets(`it's me, 'it''s me', abc, password=x`, secrets)).toBe(
    `[redacted], '[redacted]', abc, password=[redacted]`,
  )
})
