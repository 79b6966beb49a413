/** Scores of rows: each tree adds the leaf that a row falls into, in 32 bits as XGBoost does. */
import { calibrate } from './calibrate.ts'
import type { Trees } from './flatten-trees.ts'
import type { Model } from './read-model.ts'
import { countRows } from './rows.ts'

/**
 * Calibrated probabilities from 0 to 1, one a row.
 * @param rows one after the other in the order of the model's features, NaN where missing; see `toRows`
 * @throws `ml/row-width` when the last row is not whole
 */
export function scoreRows(model: Model, rows: Float32Array): Float64Array {
  return Float64Array.from(marginsOf(model, rows), (margin) => calibrate(model.calibration, margin))
}

/** What the trees say before it is calibrated: log-odds, one a row. @throws `ml/row-width` */
export function marginsOf(model: Model, rows: Float32Array): Float32Array {
  const { trees, baseMargin } = model
  const width = model.features.length
  // An array of 32 bits: each sum is rounded as XGBoost's.
  const margins = new Float32Array(countRows(model, rows)).fill(baseMargin)
  for (const root of trees.roots) addTree(trees, root, rows, width, margins)
  return margins
}

/** A tree at a time: it stays in the processor's cache while the rows come by. */
function addTree(
  trees: Trees,
  root: number,
  rows: Float32Array,
  width: number,
  margins: Float32Array,
): void {
  const { features, thresholds, lefts, missing } = trees
  for (let row = 0; row < margins.length; row++) {
    let node = root
    let feature = features[node] ?? -1
    while (feature >= 0) {
      const value = rows[row * width + feature] ?? Number.NaN
      const threshold = thresholds[node] ?? 0
      const left = lefts[node] ?? 0
      // A missing value is neither below nor not below.
      if (value < threshold) node = left
      else if (value >= threshold) node = left + 1
      else node = missing[node] ?? 0
      feature = features[node] ?? -1
    }
    margins[row] = (margins[row] ?? 0) + (thresholds[node] ?? 0)
  }
}
