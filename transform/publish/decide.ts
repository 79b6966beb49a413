/** Pure: what has to be done for one request, from what was published before and what became of the source since. */
import type { TableChange } from '../../core/clients/lake/changes.ts'
import type { PublishStrategy } from './request.ts'

/** A row of millrace.published. */
export type Published = {
  readonly sourceUuid: string
  readonly snapshot: number
  /** One past the largest rowid that was published. */
  readonly watermark: bigint
  /** Digest of settings and columns; another one means publishing everything. */
  readonly fingerprint: string
  /** The table was made by publishing and may be replaced by it. */
  readonly isOurs: boolean
}

export type Situation = {
  readonly strategy: PublishStrategy
  readonly snapshot: number
  readonly fingerprint: string
  readonly targetExists: boolean
  readonly published: Published | undefined
  /** Since `published`; undefined without it, or when that was another lake. */
  readonly change: TableChange | undefined
  /** The rows that were published can still be read from the lake, under the name that the source has now. */
  readonly isOldThere?: boolean
}

/** Which rows are brought into a table that stays: those to which all of this applies. */
export type Carried = {
  /** They have this rowid or a larger one. */
  readonly from: bigint
  /** They were written after this snapshot. */
  readonly since?: number
  /** There was no row of the same values in this snapshot. */
  readonly unlike?: number
}

export type Decision =
  /** Nothing to write. */
  | { readonly kind: 'unchanged' }
  /** Somebody has published a newer snapshot already. */
  | { readonly kind: 'superseded' }
  /** Replace the table, or make it. */
  | { readonly kind: 'swap' }
  | ({ readonly kind: 'merge' | 'append' } & Carried)
  /** Swap would destroy a table that is not ours. */
  | { readonly kind: 'not-ours' }

/** Decides for one request. */
export function decidePublish(situation: Situation): Decision {
  const { strategy, snapshot, fingerprint, targetExists, published, change, isOldThere } = situation
  if (!targetExists) return { kind: 'swap' }
  if (published === undefined || change === undefined) return everything(strategy, published)
  if (snapshot < published.snapshot) return { kind: 'superseded' }
  if (published.fingerprint !== fingerprint) return everything(strategy, published)
  switch (change) {
    case 'same':
      return { kind: 'unchanged' }
    case 'appended':
      return strategy === 'swap' ? swap(published) : { kind: strategy, from: published.watermark }
    case 'rewritten':
      // What was deleted since stays in a merged table; what was changed carries the snapshot that changed it.
      return strategy === 'merge'
        ? { kind: 'merge', from: 0n, since: published.snapshot }
        : everything(strategy, published)
    case 'replaced':
      return strategy === 'merge' && isOldThere
        ? { kind: 'merge', from: 0n, unlike: published.snapshot }
        : everything(strategy, published)
    default:
      return change satisfies never
  }
}

function everything(strategy: PublishStrategy, published: Published | undefined): Decision {
  if (strategy === 'merge') return { kind: 'merge', from: 0n }
  // What was appended from another table is no longer true; a table of others gets everything once.
  if (strategy === 'append' && published === undefined) return { kind: 'append', from: 0n }
  return swap(published)
}

function swap(published: Published | undefined): Decision {
  return published?.isOurs === true ? { kind: 'swap' } : { kind: 'not-ours' }
}
