/** The last flush before the group is left: on a rebalance, and at the end. */
import type { Clock } from '../../core/clock.ts'
import type { PartitionWorker } from './partition-worker.ts'

const settleMs = 10

/**
 * Flushes until nothing is buffered. Workers may come and go meanwhile.
 * @returns whether that was so before the deadline
 */
export async function flushAll(
  workers: ReadonlyMap<number, Pick<PartitionWorker, 'isSettled' | 'flush'>>,
  clock: Clock,
  deadlineMs: number,
): Promise<boolean> {
  for (;;) {
    const open = [...workers.values()].filter((worker) => !worker.isSettled)
    if (open.length === 0) return true
    if (clock.now() >= deadlineMs) return false
    for (const worker of open) worker.flush()
    await clock.sleep(settleMs)
  }
}
