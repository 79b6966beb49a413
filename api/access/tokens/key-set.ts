/**
 * The public keys of an identity provider (JWKS). They are fetched again when they are old and when a token names one
 * that is not among them; the provider is asked at most once in a while, whatever callers send, and while it is away
 * the keys that are known stay. (jose's own remote set waits for the provider once its keys are old, and asks anew for
 * each token as long as the provider fails.)
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../core/clock.ts'
import type { Log } from '../../../core/log.ts'
import { problem } from '../../../core/problems.ts'

export type KeySet = {
  /** What jose asks for the key of a token. @throws `api/identity-unavailable` when no keys are known yet */
  readonly keyOf: JWTVerifyGetKey
  /** Fetches the keys. @throws why they could not be had */
  readonly load: () => Promise<void>
  /** When the keys that are known were fetched, milliseconds since 1970; undefined: none are known. */
  readonly heldSince: () => number | undefined
  /** The last try to fetch them failed. */
  readonly isAway: () => boolean
}

export type KeySetOptions = {
  readonly url: string
  readonly log: Log
  readonly clock: Clock
  /** Milliseconds after which keys are fetched again. Default 10 minutes. */
  readonly refreshMs?: number
  /** Milliseconds between two fetches at least. Default 30 s. */
  readonly cooldownMs?: number
}

const answerWithinMs = 5000
const maxBytes = 256 * 1024

/** A set that holds nothing until it is loaded or first asked. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { url, log, clock, refreshMs = 600_000, cooldownMs = 30_000 } = options
  let held: JWTVerifyGetKey | undefined
  let heldSince: number | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | undefined
  let isAway = false

  async function fetchKeys(): Promise<void> {
    triedAt = clock.now()
    isAway = true
    held = createLocalJWKSet(JSON.parse(await fetchText(url)))
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

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithinMs),
  })
  if (response.status !== 200) throw new Error(`the key set answers with ${response.status}`)
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the key set has more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}
