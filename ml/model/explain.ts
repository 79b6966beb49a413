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
  placeOf,
  topOf,
  unwindPath,
  weightWithout,
} from './shap-path.ts'
import { memoOf, type ShareMemo } from './share-memo.ts'

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
  const totals = new Float32Array(features)
  const walk = newWalk(model, row)
  const sums = new Float32Array(features)
  for (const root of trees.roots) {
    sums.fill(0)
    descend(walk, root, 0, 0, sums)
    // A callback for each feature of each tree would take as long as the trees.
    for (let index = 0; index < features; index++) {
      totals[index] = (totals[index] ?? 0) + (sums[index] ?? 0)
    }
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
  readonly memo: ShareMemo
  readonly path: Path
  /** By level, from the root to the current node. */
  readonly levels: readonly Level[]
  /** So many levels have their place on the path; it is found when a leaf needs it. */
  ready: number
  /** Of a leaf that is not kept. */
  readonly shares: Float32Array
}

type Level = {
  node: number
  /** Where the path of the node begins, and its last place. */
  start: number
  last: number
  /** What the paths of both children begin with, once one of them was entered. */
  split: { readonly length: number; readonly zero: number; readonly one: number } | undefined
}

function newWalk({ trees }: Model, row: Float32Array): Walk {
  const level = (): Level => ({ node: 0, start: 0, last: 0, split: undefined })
  return {
    trees,
    row,
    memo: memoOf(trees),
    path: newPath(trees.depth),
    levels: Array.from({ length: trees.depth + 1 }, level),
    ready: 0,
    shares: new Float32Array(trees.depth),
  }
}

/**
 * Adds what all leaves below a node give to `sums`, by feature.
 * @param turns a bit for each split above: 1 where the row goes the way that leads here
 */
function descend(walk: Walk, node: number, depth: number, turns: number, sums: Float32Array): void {
  enterNode(walk, node, depth)
  if ((walk.memo.starts[node] ?? -1) >= 0) addKept(walk, node, depth, turns, sums)
  else if ((walk.trees.features[node] ?? -1) < 0) {
    computeLeaf(walk, depth, walk.shares, 0)
    addShares(walk, node, walk.shares, 0, sums)
  } else {
    const taken = takenChild(walk, node)
    const sibling = siblingOf(walk, node, taken)
    // As in XGBoost first where the row goes: the order of a sum decides its last bits.
    descend(walk, taken, depth + 1, 2 * turns + 1, sums)
    descend(walk, sibling, depth + 1, 2 * turns, sums)
  }
}

/** Writes what the leaves below a node give, leaf by leaf in the same order. @returns where the next one belongs */
function computeBelow(walk: Walk, node: number, depth: number, at: number): number {
  enterNode(walk, node, depth)
  if ((walk.trees.features[node] ?? -1) < 0) return computeLeaf(walk, depth, walk.memo.shares, at)
  const taken = takenChild(walk, node)
  const sibling = siblingOf(walk, node, taken)
  return computeBelow(walk, sibling, depth + 1, computeBelow(walk, taken, depth + 1, at))
}

/** Adds what was written so. */
function addBelow(walk: Walk, node: number, at: number, sums: Float32Array): number {
  if ((walk.trees.features[node] ?? -1) < 0) {
    return addShares(walk, node, walk.memo.shares, at, sums)
  }
  const taken = takenChild(walk, node)
  return addBelow(walk, siblingOf(walk, node, taken), addBelow(walk, taken, at, sums), sums)
}

function addShares(
  { memo }: Walk,
  leaf: number,
  shares: Float32Array,
  at: number,
  sums: Float32Array,
): number {
  const start = memo.featureStarts[leaf] ?? 0
  const width = (memo.featureStarts[leaf + 1] ?? 0) - start
  for (let place = 0; place < width; place++) {
    const feature = memo.features[start + place] ?? 0
    sums[feature] = (sums[feature] ?? 0) + (shares[at + place] ?? 0)
  }
  return at + width
}

function enterNode(walk: Walk, node: number, depth: number): void {
  const level = walk.levels[depth]
  if (level !== undefined) level.node = node
  if (walk.ready > depth) walk.ready = depth
}

function addKept(walk: Walk, node: number, depth: number, turns: number, sums: Float32Array): void {
  const { starts, widths, shares } = walk.memo
  const at = (starts[node] ?? 0) + patternOf(walk, node, turns) * (widths[node] ?? 0)
  if (Number.isNaN(shares[at])) computeBelow(walk, node, depth, at)
  addBelow(walk, node, at, sums)
}

/** The turns above, and a bit for each split from the node on: 1 where the row goes left. */
function patternOf(walk: Walk, node: number, turns: number): number {
  const { features, lefts } = walk.trees
  if ((features[node] ?? -1) < 0) return turns
  const left = lefts[node] ?? 0
  let pattern = 2 * turns + (takenChild(walk, node) === left ? 1 : 0)
  for (let child = left; child <= left + 1; child++) {
    if ((features[child] ?? -1) < 0) continue
    pattern = 2 * pattern + (takenChild(walk, child) === lefts[child] ? 1 : 0)
  }
  return pattern
}

function takenChild({ trees, row }: Walk, node: number): number {
  const value = row[trees.features[node] ?? -1] ?? Number.NaN
  if (Number.isNaN(value)) return trees.missing[node] ?? 0
  return (trees.lefts[node] ?? 0) + (value < (trees.thresholds[node] ?? 0) ? 0 : 1)
}

function siblingOf({ trees }: Walk, parent: number, child: number): number {
  return 2 * (trees.lefts[parent] ?? 0) + 1 - child
}

/** Finds the paths of the current nodes down to this depth, as far as they are not known. */
function enterUpTo(walk: Walk, depth: number): void {
  const { levels } = walk
  for (; walk.ready <= depth; walk.ready++) {
    const [above, here] = [levels[walk.ready - 1], levels[walk.ready]]
    if (here !== undefined) enter(walk, above, here)
  }
}

function enter(walk: Walk, above: Level | undefined, here: Level): void {
  const { trees, path } = walk
  here.split = undefined
  if (above === undefined) {
    extendPath(path, 0, 0, { feature: -1, zero: 1, one: 1 })
    return
  }
  const feature = trees.features[above.node] ?? 0
  above.split ??= splitPath(path, above, feature)
  const { length, zero, one } = above.split
  const share = f32((trees.covers[here.node] ?? 0) / (trees.covers[above.node] ?? 1))
  const takes = takenChild(walk, above.node) === here.node ? one : 0
  here.start = above.start + length
  here.last = length
  extendPath(path, here.start, length, { feature, zero: f32(share * zero), one: takes })
}

/** A feature that split before is on the path once, with both shares multiplied. */
function splitPath(
  path: Path,
  { start, last }: Level,
  feature: number,
): NonNullable<Level['split']> {
  const place = placeOf(path, start, last, feature)
  if (place === 0) return { length: last + 1, zero: 1, one: 1 }
  const zero = path.zeros[start + place] ?? 0
  const one = path.ones[start + place] ?? 0
  unwindPath(path, start, last, place)
  return { length: last, zero, one }
}

/** What the leaf at this depth gives, a number for each feature of its path. */
function computeLeaf(walk: Walk, depth: number, shares: Float32Array, to: number): number {
  enterUpTo(walk, depth)
  const { path, trees, levels } = walk
  const { node, start, last } = levels[depth] ?? { node: 0, start: 0, last: 0 }
  const value = trees.thresholds[node] ?? 0
  const top = topOf(path, start, last)
  for (let place = 1; place <= last; place++) {
    const at = start + place
    const moved = f32((path.ones[at] ?? 0) - (path.zeros[at] ?? 0))
    const weighted = f32(weightWithout(path, { start, last, top }, place) * moved)
    shares[to + place - 1] = weighted * value
  }
  return to + last
}
