/** How values are spread over the bins of a reference, and how far that is from it. */
import type { Spread } from './reference.ts'

/** Counts that grow as values come by. */
export type Counts = { readonly bins: number[]; nulls: number }

/** Stands for a share of nothing, whose logarithm there is not; as in ml/image. */
const leastShare = 1e-4

export function newCounts({ shares }: Spread): Counts {
  return { bins: shares.map(() => 0), nulls: 0 }
}

/** Counts one value; NaN is null. */
export function countValue(counts: Counts, { edges }: Spread, value: number): void {
  if (Number.isNaN(value)) {
    counts.nulls += 1
    return
  }
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  counts.bins[low] = (counts.bins[low] ?? 0) + 1
}

export function rowsOf({ bins, nulls }: Counts): number {
  return bins.reduce((total, bin) => total + bin, nulls)
}

/** Share of all values that are null; 0 when there are none. */
export function nullShareOf(counts: Counts): number {
  return counts.nulls / Math.max(1, rowsOf(counts))
}

/** Population stability index, null being one more bin; the same as ml/image computes. */
export function stabilityIndex(reference: Spread, counts: Counts): number {
  const rows = Math.max(1, rowsOf(counts))
  const now = [...counts.bins, counts.nulls].map((count) => Math.max(count / rows, leastShare))
  const known = 1 - reference.null_share
  const shares = [...reference.shares.map((share) => share * known), reference.null_share]
  return now.reduce((total, share, bin) => {
    const before = Math.max(shares[bin] ?? 0, leastShare)
    return total + (share - before) * Math.log(share / before)
  }, 0)
}
