/** How good scores are, by the same six figures that the image writes into metrics.json. */

export const figureNames = ['roc_auc', 'pr_auc', 'logloss', 'brier', 'ece', 'lift_at_10'] as const
export type FigureName = (typeof figureNames)[number]
export type Figures = Readonly<Record<FigureName, number>>

const bins = 10
const liftShare = 0.1

/** Log loss of each row; a score of 0 or 1 counts as the nearest number that is not. */
export function logLosses(scores: Float64Array, labels: Uint8Array): Float64Array {
  return scores.map((score, row) => {
    const safe = Math.min(Math.max(score, 1e-15), 1 - 1e-15)
    return -Math.log(labels[row] === 1 ? safe : 1 - safe)
  })
}

/** NaN for those that need both classes when there is one. */
export function figuresOf(scores: Float64Array, labels: Uint8Array): Figures {
  const order = scoresFalling(scores)
  const count = order.length
  const squares = scores.map((score, row) => (score - (labels[row] ?? 0)) ** 2)
  return {
    ...orderFigures(order, scores, labels),
    logloss: sum(logLosses(scores, labels)) / count,
    brier: sum(squares) / count,
    ece: calibrationError(order, scores, labels),
  }
}

function scoresFalling(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores, (_, row) => row).sort(
    (left, right) => (scores[right] ?? 0) - (scores[left] ?? 0) || left - right,
  )
}

/** Figures of the order alone. Rows with equal scores cannot be told apart and count together. */
function orderFigures(order: Uint32Array, scores: Float64Array, labels: Uint8Array) {
  const count = order.length
  const positives = labels.reduce((total, label) => total + label, 0)
  if (positives === 0 || positives === count) {
    return { roc_auc: Number.NaN, pr_auc: Number.NaN, lift_at_10: Number.NaN }
  }
  const tenth = liftShare * count
  let [area, precision, found] = [0, 0, 0]
  let [hits, misses] = [0, 0]
  for (let start = 0; start < count; ) {
    const score = scores[order[start] ?? 0]
    let end = start
    let own = 0
    for (; end < count && scores[order[end] ?? 0] === score; end++) {
      own += labels[order[end] ?? 0] ?? 0
    }
    const ownMisses = end - start - own
    area += ownMisses * (2 * hits + own)
    precision += own * ((hits + own) / end)
    // A tie at the edge of the tenth counts by parts.
    found += own * Math.min(1, Math.max(0, (tenth - start) / (end - start)))
    hits += own
    misses += ownMisses
    start = end
  }
  return {
    roc_auc: area / (2 * positives * misses),
    pr_auc: precision / positives,
    lift_at_10: found / tenth / (positives / count),
  }
}

/** Equally many rows in each bin, by falling score. */
function calibrationError(order: Uint32Array, scores: Float64Array, labels: Uint8Array): number {
  const differences = new Float64Array(bins)
  order.forEach((row, place) => {
    const bin = Math.floor((place * bins) / order.length)
    differences[bin] = (differences[bin] ?? 0) + (scores[row] ?? 0) - (labels[row] ?? 0)
  })
  return sum(differences.map(Math.abs)) / order.length
}

export function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
