/** How old the copies are by which callers are told: of keys that were revoked since, nothing is known. */
import type { Clock } from '../../core/clock.ts'
import type { OptionalCheck, Standing } from '../http/health.ts'
import type { KeyWatch } from './keys/watch-keys.ts'
import type { KeySet } from './tokens/key-set.ts'

/** So many readings may be missed, and a little more on a busy machine, before the keys count as not read. */
const missed = 3
const graceMs = 10_000

/**
 * One entry for the keys, and one for those of the identity provider when tokens are taken. These are fetched only
 * when tokens come, so their age says nothing against them.
 */
export function freshnessChecks(
  keys: Pick<KeyWatch, 'readAt'>,
  keySet: Pick<KeySet, 'heldSince' | 'isAway'> | undefined,
  refreshMs: number,
  clock: Pick<Clock, 'now'>,
): Readonly<Record<string, OptionalCheck>> {
  const standing = (since: number, isUp: (ageMs: number) => boolean): Standing => {
    const ageMs = Math.max(0, clock.now() - since)
    return { state: isUp(ageMs) ? 'up' : 'down', ageSeconds: ageMs / 1000 }
  }
  const ofKeys = async () =>
    standing(keys.readAt(), (ageMs) => ageMs <= missed * refreshMs + graceMs)
  if (keySet === undefined) return { keys: ofKeys }
  const ofProvider = async (): Promise<Standing> => {
    const since = keySet.heldSince()
    return since === undefined ? { state: 'down' } : standing(since, () => !keySet.isAway())
  }
  return { keys: ofKeys, identity_provider: ofProvider }
}
