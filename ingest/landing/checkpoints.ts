/** A partition's checkpoint: an object that spares the next start from listing the chain, and decides nothing. */
import { messageOf } from '../../core/errors.ts'
import { type LedgerEntry, renderLedgerObject } from '../ledger/entry.ts'
import { type Chain, checkpointKey } from '../ledger/keys.ts'
import type { LandingDependencies } from './options.ts'
import type { LedgerHead } from './recover.ts'

export class Checkpoints {
  readonly #chain: Chain
  readonly #every: number
  readonly #dependencies: Pick<LandingDependencies, 'store' | 'clock' | 'log'>
  /** Length of the chain. */
  #entries = 0

  /** @param every entries of the chain between two checkpoints */
  constructor(
    chain: Chain,
    every: number,
    dependencies: Pick<LandingDependencies, 'store' | 'clock' | 'log'>,
  ) {
    this.#chain = chain
    this.#every = every
    this.#dependencies = dependencies
  }

  /** The chain was read; a checkpoint is due when that took long. */
  async recovered(ledger: LedgerHead | undefined): Promise<void> {
    this.#entries = ledger?.entries ?? 0
    if (ledger !== undefined && ledger.read >= this.#every) {
      await this.#put(ledger.last.entry, ledger.last.etag)
    }
  }

  /** The chain has grown by an entry. */
  async committed(entry: LedgerEntry, etag: string): Promise<void> {
    this.#entries += 1
    if (this.#entries % this.#every === 0) await this.#put(entry, etag)
  }

  /** A failure is not worth more than a line: only time at the next start is lost. */
  async #put({ start, end }: LedgerEntry, etag: string): Promise<void> {
    const { store, clock, log } = this.#dependencies
    const created_at = new Date(clock.now()).toISOString()
    const checkpoint = { v: 1 as const, start, end, etag, entries: this.#entries, created_at }
    try {
      const body = renderLedgerObject(checkpoint)
      await store.put(checkpointKey(this.#chain), body, 'application/json')
    } catch (error) {
      const { topic, partition } = this.#chain
      const fields = { partition: `${topic}/${partition}`, reason: messageOf(error) }
      log.warn({ event: 'landing.no-checkpoint', ...fields })
    }
  }
}
