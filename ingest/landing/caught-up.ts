/** Whether all is landed that stood in the topic when the run began; `--until-caught-up` waits for it. */
import type { Watermarks } from '../kafka/source.ts'
import type { PartitionWorker } from './partition-worker.ts'

/** Partitions of other members are looked up once a second. */
const foreignEveryTicks = 20

type Worker = Pick<PartitionWorker, 'head' | 'position' | 'isSettled' | 'flush'>

export class CaughtUp {
  /** High watermarks of the start that the ledger has not reached yet. */
  readonly #behind: Map<number, number>
  readonly #readHead: (partition: number) => Promise<number>
  #ticks = 0

  /** @param readHead the ledger's end, for partitions that another member lands */
  constructor(
    watermarks: ReadonlyMap<number, Watermarks>,
    readHead: (partition: number) => Promise<number>,
  ) {
    this.#behind = new Map([...watermarks].map(([partition, { high }]) => [partition, high]))
    this.#readHead = readHead
  }

  /** Strikes out what is landed up to its mark, and flushes what is fetched so far. */
  async look(workers: ReadonlyMap<number, Worker>, hasJoined: boolean): Promise<boolean> {
    const elsewhere = hasJoined && this.#ticks++ % foreignEveryTicks === 0
    for (const [partition, mark] of this.#behind) {
      const worker = workers.get(partition)
      if ((worker?.head ?? -1) >= mark) this.#behind.delete(partition)
      else if (worker !== undefined && (worker.position ?? -1) >= mark) worker.flush()
      else if (worker === undefined && elsewhere && (await this.#readHead(partition)) >= mark) {
        this.#behind.delete(partition)
      }
    }
    return this.#behind.size === 0 && [...workers.values()].every((worker) => worker.isSettled)
  }
}
