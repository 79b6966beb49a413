/** Who pauses when memory gets short. The largest first: one big flush frees more than many small ones. */

export type Held = {
  readonly partition: number
  /** Bytes of records not yet given to a claim. */
  readonly fillingBytes: number
  /** Bytes of the claim under way. */
  readonly claimingBytes: number
}

export type MemoryPlan = {
  readonly paused: ReadonlySet<number>
  /** These should be flushed now, whatever their age. */
  readonly flush: readonly number[]
}

/** Pausing starts at this share of the budget and ends below the other. */
const pauseShare = 0.8
const resumeShare = 0.6

/**
 * @param budgetBytes what all partitions together may hold
 * @param rotateBytes a partition that holds as much while its claim is under way waits for it
 */
export function planMemory(
  held: readonly Held[],
  paused: ReadonlySet<number>,
  budgetBytes: number,
  rotateBytes: number,
): MemoryPlan {
  const waiting = held
    .filter((one) => one.claimingBytes > 0 && one.fillingBytes >= rotateBytes)
    .map((one) => one.partition)
  const total = held.reduce((sum, one) => sum + one.fillingBytes + one.claimingBytes, 0)
  if (total <= budgetBytes * resumeShare) return { paused: new Set(waiting), flush: [] }
  const stillPaused = held.filter((one) => paused.has(one.partition)).map((one) => one.partition)
  if (total < budgetBytes * pauseShare) {
    return { paused: new Set([...waiting, ...stillPaused]), flush: [] }
  }
  const bySize = [...held].sort(
    (a, b) => b.fillingBytes + b.claimingBytes - a.fillingBytes - a.claimingBytes,
  )
  const largest: Held[] = []
  let rest = total
  for (const one of bySize) {
    if (rest < budgetBytes * resumeShare) break
    largest.push(one)
    rest -= one.fillingBytes + one.claimingBytes
  }
  return {
    paused: new Set([...waiting, ...stillPaused, ...largest.map((one) => one.partition)]),
    flush: largest.filter((one) => one.fillingBytes > 0).map((one) => one.partition),
  }
}
