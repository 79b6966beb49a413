import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { findKey, toKeyRing } from '../../../../api/access/keys/key-ring.ts'
import { makeKey, prefixOf } from '../../../../api/access/keys/key-text.ts'

const key = makeKey(randomBytes)
const other = makeKey(randomBytes)
const live = { prefix: key.prefix, hash: key.hash, roles: ['a'], expiresAt: new Date(1000) }
const ring = toKeyRing([live])

it('makes keys of one form, each another, with its prefix in it and not its hash', () => {
  expect(key.text).toMatch(/^mlr_[a-z2-7]{8}_[A-Za-z0-9_-]{43}$/)
  expect(prefixOf(key.text)).toBe(key.prefix)
  expect(other.text).not.toBe(key.text)
  expect(key.text).not.toContain(key.hash.toString('base64url').slice(0, 8))
})

const changed = key.text.slice(0, -2) + (key.text.endsWith('AA') ? 'BB' : 'AA')

it.each([
  ['the key itself', key.text, 999, live],
  ['a key at the moment it expires', key.text, 1000, 'expired'],
  ['another secret under a known prefix', changed, 0, 'wrong'],
  ['another secret under a known prefix after it expired', changed, 2000, 'wrong'],
  ['a key nobody made here', other.text, 0, 'unknown'],
  ['nothing', '', 0, 'malformed'],
  ['the prefix alone', `mlr_${key.prefix}`, 0, 'malformed'],
  ['a longer secret', `${key.text}A`, 0, 'malformed'],
  ['a prefix in upper case', key.text.toUpperCase(), 0, 'malformed'],
  ['a line break at the end', `${key.text}\n`, 0, 'malformed'],
  ['a name that objects have', 'mlr___proto___', 0, 'malformed'],
  ['the hash', key.hash.toString('hex'), 0, 'malformed'],
])('judges %s', (_, text, now, expected) => {
  expect(findKey(ring, text, now)).toBe(expected)
})
