/** One thing that set-up brings, and what it says while it does. */

export type SetupContext = {
  /** Absolute. */
  readonly cacheDir: string
  readonly signal: AbortSignal
  /** Says what is being done now, for the reader. */
  readonly say: (text: string) => void
}

export interface SetupStep {
  readonly name: string
  /** For the reader, with the version: "Kafka 4.3.1". */
  readonly title: string
  /** Names of steps that must be there before. */
  readonly after: readonly string[]
  /** What happens without it: `required` fails set-up, `optional` only makes something slower. */
  readonly weight: 'required' | 'optional'
  /** Tells whether it is in the cache, whole. */
  isPresent(context: SetupContext): Promise<boolean>
  /** Brings it. Leaves nothing under the final name when it fails. */
  bring(context: SetupContext): Promise<void>
}

export type SetupEvent =
  | { readonly kind: 'present'; readonly step: string; readonly title: string }
  | { readonly kind: 'started'; readonly step: string; readonly title: string }
  | {
      readonly kind: 'progress'
      readonly step: string
      readonly title: string
      readonly text: string
    }
  | {
      readonly kind: 'done'
      readonly step: string
      readonly title: string
      readonly elapsedMs: number
    }
  | {
      readonly kind: 'skipped'
      readonly step: string
      readonly title: string
      readonly reason: string
    }
  | {
      readonly kind: 'failed'
      readonly step: string
      readonly title: string
      readonly reason: string
    }
