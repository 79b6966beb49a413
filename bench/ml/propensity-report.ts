/** What bench/ml/propensity.ts says of its figures, and which bounds they miss. */
import type { SimulationOptions } from '../../ingest/producer/simulate.ts'
import { describeMachine } from '../harness.ts'

type Figure = { readonly value: number; readonly low: number; readonly high: number }
type Judged = { readonly roc_auc: Figure; readonly logloss: Figure; readonly ece: Figure }

/** As bench/ml/propensity.py prints them. */
export type Figures = {
  /** Intervals of these five are of users that are drawn, with all their rows. */
  readonly roc_auc: Figure
  readonly best_possible: Figure
  readonly share_of_best: Figure
  readonly recency_frequency: Figure
  /** ROC-AUC of the model less that of recency and frequency, of the same users. */
  readonly advantage: Figure
  readonly features: number
  readonly splits: Readonly<Record<string, { readonly rows: number; readonly positives: number }>>
  readonly test: { readonly model: Judged; readonly baselines: Readonly<Record<string, Judged>> }
  readonly shuffled_roc_auc: Figure
  readonly leak: {
    readonly roc_auc: number
    readonly alarm: boolean
    readonly suspects: readonly string[]
    readonly alarm_without: boolean
  }
}

export type MeasuredHistory = { readonly simulation: SimulationOptions; readonly figures: Figures }

/** Bounds that the longest histories do not meet, in words; empty when all hold. */
export function failuresOf(runs: readonly MeasuredHistory[]): string[] {
  const longest = Math.max(...runs.map(({ simulation }) => simulation.days))
  return runs
    .filter(({ simulation }) => simulation.days === longest)
    .flatMap(({ simulation, figures }) =>
      failedBounds(figures).map((bound) => `${bound} (seed ${simulation.seed})`),
    )
}

function failedBounds(figures: Figures): string[] {
  const { roc_auc: roc, share_of_best: share, recency_frequency: baseline, test } = figures
  const { shuffled_roc_auc: shuffled, leak } = figures
  const { model } = test
  const bounds = [
    ['at least 0.97 of the best possible ROC-AUC', share.value >= 0.97],
    ['calibration error at most 0.02', model.ece.value <= 0.02],
    ['0.5 ± 0.02 with labels dealt out anew', Math.abs(shuffled.value - 0.5) <= 0.02],
    ['the leak alarm, for the planted feature only', leak.alarm && !leak.alarm_without],
    ['the planted feature is named', leak.suspects.includes('planted_leak')],
    ['better than the share of buyers, intervals apart', roc.low > 0.5],
    ['better than recency and frequency, intervals apart', roc.low > baseline.high],
  ] as const
  return bounds.flatMap(([bound, holds]) => (holds ? [] : [bound]))
}

/** The section of docs/benchmarks.md. */
export function sectionOf(runs: readonly MeasuredHistory[]): string {
  const { processor, node } = describeMachine()
  const last = runs.at(-1)
  const failed = failuresOf(runs)
  const verdict =
    failed.length === 0
      ? 'All hold for the longest histories.'
      : `They hold for the longest histories except this: ${failed.join('; ')}.`
  const leak = last?.figures.leak
  return `## Purchase likelihood beside the true chance to buy

The simulator knows how likely each of its users is to buy within 7 days of an instant; ordering users by that is the best
anybody could do. The model sees only what they did before, through the ${last?.figures.features} features of this repository, and is
judged on the latest three tenths of the instants, a week apart, of which neither training nor tuning nor calibration
has seen anything. Events land half a minute after they happen. Baselines: the share of
buyers, and a logistic regression of days since the last visit and of buying visits. 95 % intervals by bootstrap of users,
with all their rows: a user at several instants is no several users (of rows, where labels are dealt out anew). The advantage is the model's ROC-AUC less that of
recency and frequency, of the same users.
\`node bench/ml/propensity.ts\`, ${processor}, Node ${node}, ${new Date().toISOString().slice(0, 10)}.

| history | events | rows to train | rows to judge | ROC-AUC | best possible | share of best | recency and frequency | advantage | calibration error | labels dealt out anew |
| --- | ---: | ---: | ---: | --- | --- | --- | --- | --- | ---: | --- |
${runs.map(rowOf).join('\n')}

Bounds: 0.97 of the best possible, both baselines beaten with intervals apart, calibration error 0.02, 0.5 ± 0.02 with
labels dealt out anew. ${verdict} With a planted feature that knows the label, ROC-AUC is
${leak?.roc_auc.toFixed(4)} and the leak alarm ${leak?.alarm ? `fires, naming ${leak.suspects.join(', ')}` : 'does NOT fire'}. The shorter the history, the less it tells of each user.`
}

function rowOf({ simulation, figures }: MeasuredHistory): string {
  const { seed, users, days, events } = simulation
  const { test, splits } = figures
  const cells = [
    `seed ${seed}, ${users.toLocaleString('en')} users, ${days} days`,
    events.toLocaleString('en'),
    (splits['train']?.rows ?? 0).toLocaleString('en'),
    (splits['test']?.rows ?? 0).toLocaleString('en'),
    text(figures.roc_auc),
    text(figures.best_possible),
    text(figures.share_of_best),
    text(figures.recency_frequency),
    text(figures.advantage),
    test.model.ece.value.toFixed(4),
    text(figures.shuffled_roc_auc),
  ]
  return `| ${cells.join(' | ')} |`
}

function text({ value, low, high }: Figure): string {
  return `${value.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`
}
