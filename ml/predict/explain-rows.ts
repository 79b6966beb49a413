/** Reasons for many rows. One takes milliseconds of pure computing, so others get a turn between two of them. */
import { setImmediate as othersFirst } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import {
  type FeatureRow,
  type Prediction,
  type PredictOptions,
  reasonsMs,
} from '../../core/contracts/predictor.ts'
import { within } from '../../core/within.ts'
import { explainRow } from '../model/explain.ts'
import type { Model } from '../model/read-model.ts'

type Reasons = NonNullable<Prediction['reasons']>

/**
 * Why each row has its score; of the first rows only when the time for reasons is over.
 * @param rows one after the other, as `toRows` makes them of `featureRows`
 * @throws the signal's reason as soon as it aborts
 */
export async function explainRows(
  model: Model,
  rows: Float32Array,
  featureRows: readonly FeatureRow[],
  { signal: caller, clock, onScores }: Omit<PredictOptions, 'withReasons'> & { clock: Clock },
): Promise<readonly Reasons[]> {
  onScores?.()
  const width = model.features.length
  const all: Reasons[] = []
  // Others' questions may take the time, so what is missing then is no failure of the model.
  const limit = { ms: reasonsMs(featureRows.length), clock, caller, late: () => all }
  return await within(limit, async (signal) => {
    for (const [index, features] of featureRows.entries()) {
      await nextTurn()
      signal.throwIfAborted()
      const { contributions } = explainRow(model, rows.subarray(index * width, (index + 1) * width))
      all.push(
        contributions.map(({ feature, contribution }) => ({
          feature,
          value: features[feature] ?? null,
          contribution,
        })),
      )
    }
    return all
  })
}

/** Of the process, as its event loop is: whoever explains, there is one row in each round of the loop. */
let lastTurn = Promise.resolve()

/** Resolves after the turns that others wait for. */
function nextTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => othersFirst())
  return lastTurn
}
