/** A trained model on its own test rows, beside its baselines and the model that serves now. */

import type { Model } from '../model/read-model.ts'
import { scoreRows } from '../model/score.ts'
import { baselineScores } from './baselines.ts'
import { type Figures, figuresOf, logLosses } from './figures.ts'
import { type LabelledRows, withColumns } from './labelled-rows.ts'
import { type Improvement, improvementOf } from './paired-bootstrap.ts'
import type { TrainedModel } from './trained-model.ts'

export type Comparison = {
  readonly figures: Figures
  /** Of the trained model over this one. */
  readonly improvement: Improvement
}

export type Evaluation = {
  readonly rows: number
  /** By our own evaluator; metrics.json must say the same. */
  readonly figures: Figures
  readonly baselines: Readonly<Record<string, Comparison>>
  /** `incomparable` says why it could not be asked about these rows. */
  readonly champion?:
    | (Comparison & { readonly version: string })
    | { readonly version: string; readonly incomparable: string }
}

/** What serves now: its model, or why that cannot be had. */
export type Opponent =
  | { readonly model: Model }
  | { readonly version: string; readonly incomparable: string }

/** @param champion undefined when nothing is deployed */
export function evaluate(
  { model, baselines }: Pick<TrainedModel, 'model' | 'baselines'>,
  rows: LabelledRows,
  champion: Opponent | undefined,
): Evaluation {
  const scores = scoreRows(model, withColumns(rows, model.features))
  const losses = logLosses(scores, rows.labels)
  const compare = (theirs: Float64Array): Comparison => ({
    figures: figuresOf(theirs, rows.labels),
    improvement: improvementOf(logLosses(theirs, rows.labels), losses, rows.users),
  })
  const others = [...baselineScores(baselines, rows)].map(
    ([name, theirs]) => [name, compare(theirs)] as const,
  )
  return {
    rows: rows.labels.length,
    figures: figuresOf(scores, rows.labels),
    baselines: Object.fromEntries(others),
    ...(champion === undefined ? {} : { champion: compareChampion(champion) }),
  }

  function compareChampion(opponent: Opponent) {
    if ('incomparable' in opponent) return opponent
    const { model: other } = opponent
    const lacking = other.features.filter((name) => !rows.features.includes(name))
    if (lacking.length > 0) {
      const incomparable = `the export lacks ${lacking.join(', ')}, which it takes`
      return { version: other.version, incomparable }
    }
    const theirs = scoreRows(other, withColumns(rows, other.features))
    return { version: other.version, ...compare(theirs) }
  }
}
