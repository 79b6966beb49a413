/** Who may call, as one server knows it: everyone on this machine, or who has a key or a token. */
import type { BlockList } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import type { OptionalCheck } from '../http/health.ts'
import { type Credential, readCredential } from './credential.ts'
import { findKey } from './keys/key-ring.ts'
import type { KeyWatch } from './keys/watch-keys.ts'
import { type Principal, toPrincipal } from './principal.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { TokenVerifier } from './tokens/verify-token.ts'

export type Access = {
  /** Everyone is this caller, as long as he asks this machine for itself; undefined: credentials are needed. */
  readonly everyone: Principal | undefined
  readonly identify: Identify
  readonly proxies: BlockList
  /** Undefined: as often as they like. */
  readonly perCaller: RateLimiter | undefined
  readonly perAddress: RateLimiter | undefined
  /** For /readyz: are keys and tokens still checked with what is known to be right? */
  readonly checks: Readonly<Record<string, OptionalCheck>>
  readonly close: () => Promise<void>
}

/** Who sent a request, or what the log is told of why that is not known. */
export type Identify = (request: {
  readonly authorization: string | undefined
  readonly apiKey: string | undefined
  /** What is limited together. */
  readonly address: string
}) => Promise<Principal | NotIdentified>

export type NotIdentified = {
  readonly kind: 'nobody'
  readonly reason: string
  /** False: nothing was sent. */
  readonly sent: boolean
  /** This address has sent too much that is wrong, and may try again then. */
  readonly waitSeconds: number
}

export type IdentifyOptions = {
  readonly keys: Pick<KeyWatch, 'ring' | 'used'>
  /** Undefined: no tokens are taken. */
  readonly tokens: TokenVerifier | undefined
  readonly piiRoles: readonly string[]
  /** Of each address. */
  readonly failures: RateLimiter
  readonly clock: Clock
}

/**
 * Tells callers by their keys and tokens. An address that has sent too many wrong ones is told to wait, and none of
 * its tokens is checked meanwhile, which costs a signature; a key or token that is known to be right goes on working.
 */
export function createIdentify(options: IdentifyOptions): Identify {
  const { keys, tokens, piiRoles, failures, clock } = options

  async function find(credential: Credential, mayVerify: boolean): Promise<Principal | string> {
    switch (credential.kind) {
      case 'none':
      case 'unreadable':
        return credential.kind
      case 'key': {
        const key = findKey(keys.ring(), credential.text, clock.now())
        if (typeof key === 'string') return `key ${key}`
        keys.used(key.prefix)
        return toPrincipal('key', `key:${key.prefix}`, key.roles, piiRoles)
      }
      case 'token': {
        if (tokens === undefined) return 'token: none are taken'
        const known = tokens.known(credential.text)
        if (known === undefined && !mayVerify) return 'token: not checked'
        const holder = known ?? (await tokens.verify(credential.text))
        if ('refused' in holder) return `token: ${holder.refused}`
        return toPrincipal('token', `token:${holder.subject}`, holder.roles, piiRoles)
      }
      default:
        return credential satisfies never
    }
  }

  return async ({ authorization, apiKey, address }) => {
    const credential = readCredential(authorization, apiKey)
    const before = failures.look(address, clock.now())
    const found = await find(credential, before.allowed)
    if (typeof found !== 'string') return found
    const sent = credential.kind !== 'none'
    const waitSeconds = sent ? failures.take(address, clock.now()).retrySeconds : 0
    return { kind: 'nobody', reason: found, sent, waitSeconds }
  }
}
