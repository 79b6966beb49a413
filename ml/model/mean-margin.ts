/** What a model says of a user about whom nothing is known: the base that contributions are added to. */
import type { Trees } from './flatten-trees.ts'

const f32 = Math.fround

/** In log-odds: the mean leaf of each tree by the weight of its training rows, in the order in which XGBoost adds. */
export function meanMarginOf(trees: Trees, baseMargin: number): number {
  let sum = 0
  for (const root of trees.roots) sum = f32(sum + meanOf(trees, root))
  return f32(sum + baseMargin)
}

function meanOf(trees: Trees, node: number): number {
  if ((trees.features[node] ?? -1) < 0) return trees.thresholds[node] ?? 0
  const left = trees.lefts[node] ?? 0
  const weighted = (child: number) => f32(meanOf(trees, child) * (trees.covers[child] ?? 0))
  return f32(f32(weighted(left) + weighted(left + 1)) / (trees.covers[node] ?? 1))
}
