import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshnessChecks } from '../../../../api/access/freshness-checks.ts'
import { createKeySet, type KeySet } from '../../../../api/access/tokens/key-set.ts'
import { rolesOfClaims } from '../../../../api/access/tokens/roles-of-claims.ts'
import { createTokenVerifier } from '../../../../api/access/tokens/verify-token.ts'
import { silentLog } from '../../../../core/silent-log.ts'
import { openManualClock } from '../../../support/manual-clock.ts'

it.each([
  ['roles', { roles: ['a', 'b'] }, ['a', 'b']],
  ['scope', { scope: ' a  b ' }, ['a', 'b']],
  ['realm_access.roles', { realm_access: { roles: ['a'] } }, ['a']],
  ['https://x.example/roles', { 'https://x.example/roles': ['a'] }, ['a']],
  ['roles', { roles: ['a', 1, null, '', ['b']] }, ['a']],
  ['roles', { roles: { a: true } }, []],
  ['roles', {}, []],
  ['roles.deeper', { roles: 'a' }, []],
  ['constructor.name', {}, []],
  ['__proto__.roles', {}, []],
])('finds the roles at %s', (path, claims, expected) => {
  expect(rolesOfClaims(claims, path)).toEqual(expected)
})

const start = 1_700_000_000_000
const seconds = start / 1000
const issuer = 'https://id.example.com'
const rules = { issuer, audience: ['millrace'], rolesClaim: 'roles' }
const claims = { iss: issuer, aud: 'millrace', sub: 'ada', exp: seconds + 300, roles: ['analyst'] }

/** A provider's key: its public part as the set names it, and what it signs with. */
async function makeSigner(kid: string, alg = 'ES256') {
  const pair = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' }
  const sign = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg, kid, ...header })
      .sign(pair.privateKey)
  return { ...pair, jwk, sign }
}

let first: Awaited<ReturnType<typeof makeSigner>>
let second: Awaited<ReturnType<typeof makeSigner>>
let published: readonly JWK[] = []
let status = 200
let asked = 0
const provider = createServer((_, response) => {
  asked++
  response.writeHead(status, { location: '/elsewhere' }).end(JSON.stringify({ keys: published }))
})
let url = ''

beforeAll(async () => {
  first = await makeSigner('first')
  second = await makeSigner('second')
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this form.
  url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`
})
afterAll(() => {
  provider.close()
})

describe('a token', () => {
  let clock = openManualClock(start)
  let keySet: KeySet
  const verifier = () => createTokenVerifier(rules, keySet, clock)

  beforeEach(() => {
    clock = openManualClock(start)
    published = [first.jwk]
    status = 200
    asked = 0
    keySet = createKeySet({ findUrl: async () => url, log: silentLog, clock })
  })

  it('is taken with its subject and roles, and known without another check', async () => {
    const tokens = verifier()
    const token = await first.sign()
    const holder = { subject: 'ada', roles: ['analyst'] }
    expect(tokens.known(token)).toBeUndefined()
    expect(await tokens.verify(token)).toEqual(holder)
    expect(tokens.known(token)).toEqual(holder)
    await clock.advance(60_000)
    expect(tokens.known(token)).toBeUndefined()
  })

  it('is not known any longer than it lives, with half a minute for clocks that differ', async () => {
    const tokens = verifier()
    const token = await first.sign({ exp: seconds + 1 })
    await tokens.verify(token)
    await clock.advance(30_999)
    expect(tokens.known(token)).toBeDefined()
    await clock.advance(1)
    expect(tokens.known(token)).toBeUndefined()
    expect(await tokens.verify(token)).toHaveProperty('refused')
  })

  const publicPem = async () => new TextEncoder().encode(await exportSPKI(first.publicKey))
  const forged = async (header: Record<string, unknown>) =>
    (await makeSigner('first')).sign({}, header)
  const halves = async () => {
    const [head, , signature] = (await first.sign()).split('.')
    const body = btoa(JSON.stringify({ ...claims, roles: ['admin'] })).replaceAll('=', '')
    return `${head}.${body}.${signature}`
  }
  const attacks: Record<string, () => Promise<string>> = {
    'no signature (alg none)': async () => new UnsecuredJWT(claims).encode(),
    'alg None in other letters': async () =>
      new UnsecuredJWT(claims).encode().replace(/^[^.]+/, btoa('{"alg":"NoNe"}')),
    'HS256 with the public key as the secret': async () =>
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'first' })
        .sign(await publicPem()),
    'a signature of another key under a known kid': () => forged({}),
    'a key that it brings along (jwk)': async () => {
      const own = await makeSigner('own')
      return own.sign({}, { kid: undefined, jwk: own.jwk })
    },
    'a key set that it names (jku)': () => forged({ jku: url }),
    'a critical extension that nobody here knows': () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'first', crit: ['x'], x: 1 })
        .sign(first.privateKey, { crit: { x: true } }),
    'claims that were changed': halves,
    'a signature that was cut off': async () => (await first.sign()).replace(/[^.]+$/, ''),
    'another issuer': () => first.sign({ iss: 'https://evil.example' }),
    'an issuer with a slash more': () => first.sign({ iss: `${issuer}/` }),
    'another audience': () => first.sign({ aud: 'elsewhere' }),
    'no audience': () => first.sign({ aud: undefined }),
    'an end that has passed': () => first.sign({ exp: seconds - 31 }),
    'no end': () => first.sign({ exp: undefined }),
    'an end that is no number': () => first.sign({ exp: 'never' }),
    'a beginning to come': () => first.sign({ nbf: seconds + 31 }),
    'no subject': () => first.sign({ sub: undefined }),
    'a subject without an end': () => first.sign({ sub: 'x'.repeat(256) }),
    'more than 8192 characters': () => first.sign({ more: 'x'.repeat(8192) }),
    'five parts (encrypted)': async () => 'a.b.c.d.e',
    'no JSON inside': async () => `${btoa('x')}.${btoa('y')}.z`,
    nothing: async () => '..',
  }

  it.each(Object.entries(attacks))('with %s is refused', async (_, make) => {
    const tokens = verifier()
    const token = await make()
    expect(await tokens.verify(token)).toEqual({ refused: expect.any(String) })
    expect(tokens.known(token)).toBeUndefined()
  })

  it('of a new key is taken after a rotation, and of the old one no longer', async () => {
    const tokens = verifier()
    const old = await first.sign()
    await tokens.verify(old)
    published = [second.jwk]
    const fresh = await second.sign()
    expect(await tokens.verify(fresh)).toHaveProperty('refused')
    await clock.advance(30_000)
    expect(tokens.known(old)).toBeDefined()
    expect(await tokens.verify(fresh)).toHaveProperty('subject', 'ada')
    expect(tokens.known(old)).toBeUndefined()
    expect(await tokens.verify(old)).toHaveProperty('refused')
  })

  it('with a made-up kid does not make the provider be asked each time', async () => {
    const tokens = verifier()
    for (let index = 0; index < 5; index++) {
      await tokens.verify(await first.sign({}, { kid: `made-up-${index}` }))
    }
    expect(asked).toBe(1)
  })

  it('is still checked while the provider is away, and the provider is asked now and then', async () => {
    const tokens = verifier()
    await tokens.verify(await first.sign())
    status = 500
    await clock.advance(600_000)
    const later = { exp: seconds + 900 }
    expect(await tokens.verify(await first.sign(later))).toHaveProperty('subject')
    await expect.poll(() => asked).toBe(2)
    expect(await tokens.verify(await first.sign(later))).toHaveProperty('subject')
    await clock.advance(30_000)
    await tokens.verify(await first.sign(later))
    await expect.poll(() => asked).toBe(3)
  })

  it('leaves it to /readyz to say how old the keys are, and that the provider is away', async () => {
    let readAt = start
    const { keys, identity_provider: provider } = freshnessChecks(
      { readAt: () => readAt },
      keySet,
      5000,
      clock,
    )
    expect(await provider?.()).toEqual({ state: 'down' })
    await keySet.load()
    await clock.advance(25_000)
    expect(await keys?.()).toEqual({ state: 'up', ageSeconds: 25 })
    expect(await provider?.()).toEqual({ state: 'up', ageSeconds: 25 })
    status = 500
    await expect(keySet.load()).rejects.toThrow('500')
    await clock.advance(1)
    expect(await keys?.()).toEqual({ state: 'down', ageSeconds: 25.001 })
    expect(await provider?.()).toEqual({ state: 'down', ageSeconds: 25.001 })
    readAt = clock.now()
    expect(await keys?.()).toEqual({ state: 'up', ageSeconds: 0 })
  })

  it('is not waited for any longer than the provider may take', async () => {
    const deaf = createServer(() => {})
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`
    const slow = createKeySet({
      findUrl: async () => at,
      log: silentLog,
      clock,
      answerWithinMs: 50,
    })
    await expect(slow.load()).rejects.toMatchObject({ name: 'TimeoutError' })
    deaf.closeAllConnections()
    deaf.close()
  })

  it.each([
    ['is away', () => (status = 503)],
    ['sends elsewhere', () => (status = 302)],
    ['gives no key set', () => (published = [{ kty: 'x'.repeat(300_000) }])],
  ])('cannot be checked before there were keys when the provider %s', async (_, spoil) => {
    spoil()
    const tokens = verifier()
    const token = await first.sign()
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'api/identity-unavailable' })
    await expect(tokens.verify(token)).rejects.toMatchObject({ httpStatus: 503 })
    expect(asked).toBe(1)
  })
})
