import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findCause, isProblem, messageOf } from '../../../core/errors.ts'
import { problem, problemCodes } from '../../../core/problems.ts'
import { Secret } from '../../../core/secret.ts'
import { quoteIdent, quoteLiteral } from '../../../core/sql.ts'

it('gives an outside failure exit code 3 and calls it retryable, and a user error exit code 2', () => {
  const cause = new Error('socket')
  const outside = problem('publish/postgres-unreachable', { server: 's', reason: 'r' }, { cause })
  expect([outside.exitCode, outside.retryable, outside.httpStatus]).toEqual([3, true, 503])
  expect(outside.cause).toBe(cause)
  const user = problem('config/not-found', { file: 'millrace.yml' }, { at: { file: 'x' } })
  expect([user.exitCode, user.retryable, user.at?.file]).toEqual([2, false, 'x'])
  expect(isProblem(user, 'config/not-found')).toBe(true)
  expect(isProblem(cause)).toBe(false)
})

it('names every code as area/what-is-wrong', () => {
  const codes = problemCodes()
  expect(codes.length).toBeGreaterThan(20)
  expect(codes.filter((code) => !/^[a-z]+\/[a-z0-9-]+$/.test(code))).toEqual([])
})

it('finds a cause however deep, and a message for anything', () => {
  const deep = new Error('outer', {
    cause: new AggregateError([new Error('a'), new Error('inner')]),
  })
  expect(findCause(deep, (error) => error.message === 'inner')?.message).toBe('inner')
  expect(findCause(deep, (error) => error.message === 'none')).toBeUndefined()
  expect(messageOf(new AggregateError([new Error('a'), new Error('b')]))).toBe('a; b')
  expect(messageOf('text')).toBe('text')
})

it('keeps a secret out of every way of printing it', () => {
  const secret = new Secret('hunter2')
  expect(`${secret} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain('hunter2')
  expect(secret.reveal()).toBe('hunter2')
})

it('quotes names and values so that they end where they should', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(quoteIdent(text).slice(1, -1).replaceAll('""', '')).not.toContain('"')
      expect(quoteLiteral(text).slice(1, -1).replaceAll("''", '')).not.toContain("'")
    }),
  )
})
