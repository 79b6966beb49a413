/** Removes data files that no entry names: what a writer left that died, or was fenced, before its claim. */
import type { ObjectStore } from '../../core/clients/s3.ts'
import { claimAgeMs } from '../landing/nonce.ts'
import type { Orphan } from './audit.ts'

/** Younger files may still be claimed, with an hour for clocks that differ. */
export const leastAgeMs = claimAgeMs + 3_600_000

/**
 * Deletes orphans whose claim began before `nowMs - olderThanMs`, and returns them. A younger one may still be
 * claimed; one without a time was not written by landing and is left alone.
 * @throws `lake/store-unreachable`
 */
export async function deleteOrphans(
  store: Pick<ObjectStore, 'delete'>,
  orphans: readonly Orphan[],
  nowMs: number,
  olderThanMs: number,
): Promise<readonly Orphan[]> {
  const old = orphans.filter(
    (orphan) => orphan.madeMs !== undefined && orphan.madeMs < nowMs - olderThanMs,
  )
  await store.delete(old.map((orphan) => orphan.key))
  return old
}
