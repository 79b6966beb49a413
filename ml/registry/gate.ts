/** Whether a trained model may take over: pure, every reason in a sentence. */
import type { Evaluation } from '../evaluation/evaluate.ts'
import type { Metrics } from '../evaluation/trained-model.ts'

export type Verdict = {
  readonly approval: 'Approved' | 'Rejected'
  /** For people, and the registry: at most 256 characters. */
  readonly reason: string
}

/** Nobody foresees purchases so well: beyond, a feature knows the future. */
const leakAuc = 0.99
/** How far our own figures may be from those that the image wrote; they are rounded to eight digits. */
const tolerance = 1e-5

/**
 * The challenger has to beat the champion's log loss beyond the interval, on the same rows; the first model has to
 * beat the baselines so.
 */
export function judge(
  metrics: Pick<Metrics, 'test' | 'leak_alarm' | 'leak_suspects' | 'model_version'>,
  evaluation: Evaluation,
): Verdict {
  const { approval, reason } = verdictOf(metrics, evaluation)
  return { approval, reason: reason.length > 256 ? `${reason.slice(0, 255)}…` : reason }
}

function verdictOf(
  metrics: Parameters<typeof judge>[0],
  { figures, baselines, champion }: Evaluation,
): Verdict {
  if (metrics.leak_alarm || figures.roc_auc > leakAuc) {
    const suspects = metrics.leak_suspects.map(({ feature }) => feature).join(', ')
    const named = suspects === '' ? '' : `; suspects: ${suspects}`
    return rejected(`leak alarm: ROC-AUC ${shown(figures.roc_auc)} is above ${leakAuc}${named}`)
  }
  // Of one class only, there is no ROC-AUC to tell a leak by.
  if (Number.isNaN(figures.roc_auc)) return rejected('all test rows have the same label')
  const said = metrics.test.model.logloss.value
  if (!(Math.abs(said - figures.logloss) <= tolerance)) {
    return rejected(
      `metrics.json says log loss ${shown(said)} on the test rows, and it is ${shown(figures.logloss)}`,
    )
  }
  if (champion === undefined) return judgeFirst(baselines)
  if ('incomparable' in champion) {
    return rejected(`the champion cannot be compared: ${champion.incomparable}`)
  }
  if (champion.version === metrics.model_version) {
    return rejected('it is the champion itself: same trees, same data')
  }
  const words = inWords(champion.improvement, `the champion ${champion.version}`)
  return champion.improvement.low > 0 ? approved(words) : rejected(words)
}

function judgeFirst(baselines: Evaluation['baselines']): Verdict {
  for (const [name, { improvement }] of Object.entries(baselines)) {
    if (!(improvement.low > 0)) return rejected(inWords(improvement, `the baseline ${name}`))
  }
  const [name, strongest] = Object.entries(baselines).reduce((best, next) =>
    next[1].improvement.value < best[1].improvement.value ? next : best,
  )
  return approved(`the first model: ${inWords(strongest.improvement, `the baseline ${name}`)}`)
}

function inWords({ value, low, high }: Evaluation['baselines'][string]['improvement'], of: string) {
  const interval = `${shown(value)} (95 %: ${shown(low)} to ${shown(high)})`
  if (low > 0) return `log loss is lower than that of ${of} by ${interval}`
  if (high < 0) return `log loss is higher than that of ${of}: improvement ${interval}`
  return `no improvement of log loss over ${of} beyond the interval: ${interval}`
}

function approved(reason: string): Verdict {
  return { approval: 'Approved', reason }
}

function rejected(reason: string): Verdict {
  return { approval: 'Rejected', reason }
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)))
}
