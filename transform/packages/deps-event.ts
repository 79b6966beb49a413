/** What happens while packages are resolved and installed, for whoever shows it. Texts hold no secrets. */

export type DepsEvent =
  | { readonly kind: 'nothing-listed' }
  /** A git package at its default branch, or at `main` or `master`. */
  | { readonly kind: 'unpinned'; readonly url: string; readonly revision: string }
  | { readonly kind: 'moved'; readonly package: string; readonly to: string }
  /** A secret was written into the list itself; the lock file has stars in its place, and is of no use for it. */
  | { readonly kind: 'scrubbed'; readonly package: string }
  | { readonly kind: 'fetching'; readonly what: string }
  | { readonly kind: 'retrying'; readonly reason: string; readonly pauseMs: number }
  | { readonly kind: 'locked'; readonly file: string }
  | {
      readonly kind: 'installed'
      readonly package: string
      /** As in `version 1.2.0`. */
      readonly from: string
      /** Of hub packages: the highest version that could be had, and the one that was taken. */
      readonly latest?: string
      readonly version?: string
      readonly subdirectory?: string
    }

export type OnDepsEvent = (event: DepsEvent) => void
