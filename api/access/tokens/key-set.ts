/**
 * The public keys of an identity provider (JWKS). They are fetched again when they are old and when a token names one
 * that is not among them; the provider is asked at most once in a while, whatever callers send, and while it is away
 * the keys that are known stay. (jose's own remote set waits for the provider once its keys are old, and asks anew for
 * each token as long as the provider fails.)
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../core/clock.ts'
import type { Log } from '../../../core/log.ts'
import { problem } from '../../../core/problems.ts'
import { fetchJson } from './fetch-json.ts'

export type KeySet = {
  /** What jose asks for the key of a token. @throws `api/identity-unavailable` when no keys are known yet */
  readonly keyOf: JWTVerifyGetKey
  /** Fetches the keys. @throws why they could not be had */
  readonly load: () => Promise<void>
  /** When the keys that are known were fetched, milliseconds since 1970; undefined: none are known. */
  readonly heldSince: () => number | undefined
  /** The last try to fetch them failed. */
  readonly isAway: () => boolean
  /** Counts up whenever other keys were fetched than before. */
  readonly generation: () => number
}

export type KeySetOptions = {
  /** Where the keys are; it is asked before each fetch. */
  readonly findUrl: (signal: AbortSignal) => Promise<string>
  readonly log: Log
  readonly clock: Clock
  /** Milliseconds after which keys are fetched again. Default 10 minutes. */
  readonly refreshMs?: number
  /** Milliseconds between two fetches at least. Default 30 s. */
  readonly cooldownMs?: number
  /** Milliseconds that one fetch may take, with finding out where the keys are. Default 5 s. */
  readonly answerWithinMs?: number
}

/** A set that holds nothing until it is loaded or first asked. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { findUrl, log, clock } = options
  const { refreshMs = 600_000, cooldownMs = 30_000, answerWithinMs = 5000 } = options
  let held: JWTVerifyGetKey | undefined
  let heldSince: number | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | undefined
  let isAway = false
  let generation = 0
  let text = ''

  async function fetchKeys(): Promise<void> {
    triedAt = clock.now()
    isAway = true
    const signal = AbortSignal.timeout(answerWithinMs)
    const keys = await fetchJson(await findUrl(signal), signal)
    // It checks by itself that this is a set.
    held = createLocalJWKSet(keys as JSONWebKeySet)
    const fetched = JSON.stringify(keys)
    if (fetched !== text) generation++
    text = fetched
    heldSince = clock.now()
    isAway = false
  }
  function load(): Promise<void> {
    loading ??= fetchKeys().finally(() => {
      loading = undefined
    })
    return loading
  }
  const mayAsk = () => loading !== undefined || clock.now() - triedAt >= cooldownMs
  const warn = (err: unknown) => log.warn({ event: 'access.jwks-not-read', err })

  return {
    load,
    heldSince: () => heldSince,
    isAway: () => isAway && loading === undefined,
    generation: () => generation,
    keyOf: async (header, token) => {
      if (held === undefined) {
        if (mayAsk()) await load().catch(warn)
      } else if (clock.now() - (heldSince ?? 0) >= refreshMs && mayAsk()) {
        void load().catch(warn)
      }
      if (held === undefined) throw problem('api/identity-unavailable', {})
      try {
        return await held(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !mayAsk()) throw error
        await load().catch(warn)
        return await held(header, token)
      }
    },
  }
}
