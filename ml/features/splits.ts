/** Which as-of instants are exported, and which of them train, validate and test: by time, and never overlapping. */
import { problem } from '../../core/problems.ts'

/** The labelled rows of one as-of instant. */
export type Instant = {
  /** Milliseconds since 1970, UTC. */
  readonly asOf: number
  readonly rows: number
  readonly positives: number
}

export const splitNames = ['train', 'validation', 'test'] as const
export type SplitName = (typeof splitNames)[number]
export type Splits = Readonly<Record<SplitName, readonly Instant[]>>

export type SplitOptions = {
  readonly horizonDays: number
  /** At least so long from one instant to the next; instants nearer than the horizon share labels. */
  readonly everyDays: number
  /** Instants earlier than so many days after the first one are left out: too little was known. */
  readonly warmUpDays: number
  /** Of the instants that are left; 0 to 1. */
  readonly validationShare: number
  readonly testShare: number
}

const dayMs = 86_400_000

/** In so many days without anybody to have features the history ends; what comes after them is another one. */
const holeDays = 100

/**
 * The latest instants test, those before them validate, the earliest train. From the last instant of a split to the
 * first one of the next there is at least a horizon: no label's window reaches into the features of the next.
 * @param instants in time order
 * @throws `ml/history-too-short`
 */
export function splitInstants(instants: readonly Instant[], options: SplitOptions): Splits {
  const chosen = spaced(instants, options)
  const size = (share: number) => Math.max(1, Math.round(chosen.length * share))
  const test = chosen.slice(-size(options.testShare))
  const validation = before(chosen, test, options).slice(-size(options.validationShare))
  const train = before(chosen, validation, options)
  if (train.length === 0 || validation.length === 0) {
    const { everyDays, horizonDays, warmUpDays } = options
    const parameters = { instants: chosen.length, everyDays, horizonDays, warmUpDays }
    throw problem('ml/history-too-short', parameters)
  }
  return { train, validation, test }
}

/** Counted back from the newest, so that what is known best is never left out. */
function spaced(instants: readonly Instant[], options: SplitOptions): readonly Instant[] {
  const history = instants.slice(
    instants.findLastIndex(({ asOf }, index) => {
      const previous = instants[index - 1]?.asOf
      return previous === undefined || asOf - previous > holeDays * dayMs
    }),
  )
  const first = history[0]?.asOf ?? 0
  const chosen: Instant[] = []
  for (const instant of history.toReversed()) {
    if (instant.asOf < first + options.warmUpDays * dayMs) break
    const next = chosen.at(-1)
    if (next === undefined || next.asOf - instant.asOf >= options.everyDays * dayMs) {
      chosen.push(instant)
    }
  }
  return chosen.reverse()
}

function before(
  instants: readonly Instant[],
  later: readonly Instant[],
  { horizonDays }: SplitOptions,
): readonly Instant[] {
  const end = (later[0]?.asOf ?? Number.NEGATIVE_INFINITY) - horizonDays * dayMs
  return instants.filter(({ asOf }) => asOf <= end)
}
