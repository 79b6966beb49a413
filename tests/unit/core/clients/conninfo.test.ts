import { expect, it } from 'vitest'
import { toConninfo } from '../../../../core/clients/lake/attach.ts'

it('writes an address as libpq reads it', () => {
  expect(toConninfo('postgres://me:p%27w%5C@host/db?sslmode=require')).toBe(
    String.raw`host='host' port='5432' dbname='db' user='me' password='p\'w\\' sslmode='require'`,
  )
})

it('takes the brackets off an IPv6 address', () => {
  expect(toConninfo('postgres://me@[::1]:6000/db')).toBe(
    `host='::1' port='6000' dbname='db' user='me'`,
  )
})
