/**
 * What each feature contributes to the margin of a row, as XGBoost's `pred_contribs` says: Shapley values by TreeSHAP
 * (Lundberg and others, "Consistent individualized feature attribution for tree ensembles", 2018, algorithm 2). A
 * feature that is left out sends a row both ways, by the training rows that went there.
 */
import { problem } from '../../core/problems.ts'
import type { Trees } from './flatten-trees.ts'
import type { Model } from './read-model.ts'
import {
  extendPath,
  newPath,
  type Path,
  type PathStep,
  placeOf,
  topOf,
  unwindPath,
  weightWithout,
} from './shap-path.ts'

/** Log-odds; `base` and all contributions add up to the margin of the row, but for the rounding to 32 bits. */
export type Explanation = {
  /** What the model says of a user about whom nothing is known. */
  readonly base: number
  /** The strongest first; features that do not move the score are left out. */
  readonly contributions: readonly { readonly feature: string; readonly contribution: number }[]
}

const f32 = Math.fround

/**
 * Why a row has its score.
 * @param row one number a feature in the model's order, NaN where missing
 * @throws `ml/row-width` when it has more or fewer
 */
export function explainRow(model: Model, row: Float32Array): Explanation {
  const features = model.features.length
  if (row.length !== features) throw problem('ml/row-width', { values: row.length, features })
  const { trees } = model
  const path = newPath(trees.depth)
  const totals = new Float32Array(features)
  for (const root of trees.roots) {
    const sums = new Float32Array(features)
    descend({ trees, row, path, sums }, root, 0, 0, { feature: -1, zero: 1, one: 1 })
    sums.forEach((sum, index) => {
      totals[index] = (totals[index] ?? 0) + sum
    })
  }
  const contributions = model.features
    .map((feature, index) => ({ feature, contribution: totals[index] ?? 0 }))
    .filter(({ contribution }) => contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  return { base: model.meanMargin, contributions }
}

type Walk = {
  readonly trees: Trees
  readonly row: Float32Array
  readonly path: Path
  /** By feature, of one tree. */
  readonly sums: Float32Array
}

/** Goes into a node; the path above it has `last` places and ends at `start`, `step` is the split that led here. */
function descend(walk: Walk, node: number, start: number, last: number, step: PathStep): void {
  extendPath(walk.path, start, last, step)
  const feature = walk.trees.features[node] ?? -1
  if (feature < 0) addLeaf(walk, walk.trees.thresholds[node] ?? 0, start, last)
  else descendBoth(walk, node, start, last, feature)
}

function descendBoth(walk: Walk, node: number, start: number, last: number, feature: number): void {
  const { trees, path } = walk
  // A feature that split before is on the path once, with both shares multiplied.
  const place = placeOf(path, start, last, feature)
  const zero = place === 0 ? 1 : (path.zeros[start + place] ?? 0)
  const one = place === 0 ? 1 : (path.ones[start + place] ?? 0)
  if (place > 0) unwindPath(path, start, last, place)
  const length = place > 0 ? last : last + 1
  const taken = takenChild(walk, node, feature)
  const sibling = 2 * (trees.lefts[node] ?? 0) + 1 - taken
  const enter = (child: number, takes: number) => {
    const share = f32((trees.covers[child] ?? 0) / (trees.covers[node] ?? 1))
    descend(walk, child, start + length, length, { feature, zero: f32(share * zero), one: takes })
  }
  // As in XGBoost first where the row goes: the order of a sum decides its last bit.
  enter(taken, one)
  enter(sibling, 0)
}

function takenChild({ trees, row }: Walk, node: number, feature: number): number {
  const value = row[feature] ?? Number.NaN
  if (Number.isNaN(value)) return trees.missing[node] ?? 0
  return (trees.lefts[node] ?? 0) + (value < (trees.thresholds[node] ?? 0) ? 0 : 1)
}

function addLeaf({ path, sums }: Walk, value: number, start: number, last: number): void {
  const top = topOf(path, start, last)
  for (let place = 1; place <= last; place++) {
    const at = start + place
    const moved = f32((path.ones[at] ?? 0) - (path.zeros[at] ?? 0))
    const weighted = f32(weightWithout(path, { start, last, top }, place) * moved)
    const feature = path.features[at] ?? 0
    sums[feature] = (sums[feature] ?? 0) + f32(weighted * value)
  }
}
