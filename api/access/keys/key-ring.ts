/** The live keys in memory, and who sent one of them. */
import { timingSafeEqual } from 'node:crypto'
import type { LiveKey } from './key-table.ts'
import { hashKey, prefixOf } from './key-text.ts'

export type KeyRing = ReadonlyMap<string, LiveKey>

/** Why a key is not taken; for the log, never for the caller. */
export type KeyRefusal = 'malformed' | 'unknown' | 'wrong' | 'expired'

/** Compared with where there is no key, so that one that is unknown takes as long as one that is wrong. */
const nobodysHash = Buffer.alloc(32)

/** The keys by their prefix. */
export function toKeyRing(keys: readonly LiveKey[]): KeyRing {
  return new Map(keys.map((key) => [key.prefix, key]))
}

/**
 * Finds the key that a caller sent. Every text costs one hash and one comparison that takes as long for all.
 * @param now milliseconds since 1970
 */
export function findKey(ring: KeyRing, text: string, now: number): LiveKey | KeyRefusal {
  const prefix = prefixOf(text)
  const key = prefix === undefined ? undefined : ring.get(prefix)
  const isSame = timingSafeEqual(hashKey(text), key?.hash ?? nobodysHash)
  if (prefix === undefined) return 'malformed'
  if (key === undefined) return 'unknown'
  if (!isSame) return 'wrong'
  if (key.expiresAt !== undefined && key.expiresAt.getTime() <= now) return 'expired'
  return key
}
