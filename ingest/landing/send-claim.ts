/** The action `claim`: one attempt at the conditional PUT, and what is known after it. */
import { isProblem, messageOf } from '../../core/errors.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import type { Chain } from '../ledger/keys.ts'
import { type ClaimOutcome, putClaim } from './claims.ts'
import { claimAgeMs, nonceTimeMs } from './nonce.ts'
import type { LandingDependencies } from './options.ts'

/** Between repetitions of a claim whose answer is unknown. */
const claimPauseMs = 500

export type ClaimAnswer =
  | ClaimOutcome
  /** Nobody knows whether the entry stands there. */
  | { readonly kind: 'unanswered'; readonly error: unknown }
  /** Nothing was sent: the claim is so old that its files may be gone. */
  | { readonly kind: 'expired' }

/**
 * PUTs the entry if absent; every repetition must send the same entry, so that an answer that was lost can be
 * recognised. @throws what no waiting mends; the signal's reason when it is aborted during the pause
 */
export async function sendClaim(
  chain: Chain,
  entry: LedgerEntry,
  { clock, log, store }: Pick<LandingDependencies, 'clock' | 'log' | 'store'>,
  { retry, signal }: { readonly retry: boolean; readonly signal: AbortSignal },
): Promise<ClaimAnswer> {
  const partition = `${chain.topic}/${chain.partition}`
  if (retry) await clock.sleep(claimPauseMs, signal)
  const madeMs = nonceTimeMs(entry.nonce)
  if (madeMs !== undefined && clock.now() - madeMs > claimAgeMs) return { kind: 'expired' }
  try {
    return await putClaim(store, chain, entry)
  } catch (error) {
    if (!(isProblem(error) && error.retryable)) throw error
    log.warn(
      { event: 'landing.claim-unanswered', partition, reason: messageOf(error) },
      `${partition}: the claim at ${entry.start} was not answered; again`,
    )
    return { kind: 'unanswered', error }
  }
}
