/** Tokens (JWT) of an identity provider: signature, issuer, audience and times, checked by jose. */
import { hash } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import type { Clock } from '../../../core/clock.ts'
import { createRecentMap } from '../recent-map.ts'
import type { KeySet } from './key-set.ts'
import { rolesOfClaims } from './roles-of-claims.ts'

type TokenHolder = { readonly subject: string; readonly roles: readonly string[] }

/** Why a token is not taken; for the log, never for the caller. */
type TokenRefusal = { readonly refused: string }

export type TokenVerifier = {
  /** The holder of a token that was checked within the last minute. */
  readonly known: (token: string) => TokenHolder | undefined
  /** Checks a token. @throws `api/identity-unavailable` */
  readonly verify: (token: string) => Promise<TokenHolder | TokenRefusal>
}

type Remembered = {
  readonly holder: TokenHolder
  readonly until: number
  /** Of the keys. */
  readonly generation: number | undefined
}

export type TokenRules = {
  readonly issuer: string
  /** One of them has to be in `aud`. */
  readonly audience: readonly string[]
  readonly rolesClaim: string
}

/** Signatures with a key pair only: whoever knows the public key can make any HS256 token. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
const maxTokenLength = 8192
const maxSubjectLength = 255
const toleranceSeconds = 30
const knownMs = 60_000
const maxKnown = 10_000

/** A verifier that remembers for a minute what it has found valid. */
export function createTokenVerifier(
  rules: TokenRules,
  keySet: Pick<KeySet, 'keyOf' | 'generation'>,
  clock: Clock,
): TokenVerifier {
  const remembered = createRecentMap<Remembered>(maxKnown)
  const expected = {
    algorithms,
    issuer: rules.issuer,
    audience: [...rules.audience],
    clockTolerance: toleranceSeconds,
    requiredClaims: ['exp', 'sub'],
  }

  return {
    known: (token) => {
      const found = remembered.get(digest(token))
      if (found === undefined || found.until <= clock.now()) return undefined
      // The key that it was signed with may be the one that is gone.
      return found.generation === keySet.generation() ? found.holder : undefined
    },
    verify: async (token) => {
      if (token.length > maxTokenLength) return { refused: 'too long' }
      const now = clock.now()
      try {
        const currentDate = new Date(now)
        let generation: number | undefined
        const keyOf: KeySet['keyOf'] = async (header, jws) => {
          const key = await keySet.keyOf(header, jws)
          generation = keySet.generation()
          return key
        }
        const { payload } = await jwtVerify(token, keyOf, { ...expected, currentDate })
        const { sub: subject, exp } = payload
        if (typeof subject !== 'string' || subject === '' || subject.length > maxSubjectLength) {
          return { refused: 'subject' }
        }
        const holder = { subject, roles: rolesOfClaims(payload, rules.rolesClaim) }
        const expiresAt = ((exp ?? 0) + toleranceSeconds) * 1000
        const until = Math.min(expiresAt, now + knownMs)
        remembered.set(digest(token), { holder, until, generation })
        return holder
      } catch (error) {
        if (error instanceof errors.JOSEError) return { refused: `${error.code} ${error.message}` }
        // A key that does not fit the algorithm is a TypeError of WebCrypto.
        if (error instanceof TypeError) return { refused: error.message }
        throw error
      }
    },
  }
}

/** What is kept of a token names it and does not hold it. */
function digest(token: string): string {
  return hash('sha256', token, 'base64')
}
