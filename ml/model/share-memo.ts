/**
 * What the leaves below a node add to the reasons depends on a row by a few bits only: at which of the splits above it the
 * row goes the way that leads there, and where it goes at those below. The same bits come again with other rows, so what was
 * computed is kept; for small subtrees as a whole, because finding a place in memory takes longer than reading on.
 */
import type { Trees } from './flatten-trees.ts'

/** Of four bytes. 200 trees of depth 6 take some 7,000,000; what has no room is computed each time. */
const defaultMaxShares = 8 * 1024 ** 2
/** Splits from a subtree's root to a leaf. */
const keptHeight = 2

export type ShareMemo = {
  /** By node: where the shares of a kept subtree begin, pattern by pattern; −1 for any other node. */
  readonly starts: Int32Array
  /** By node: how many shares a pattern of a kept subtree has, one for each leaf and feature of its path. */
  readonly widths: Int32Array
  /** NaN: not computed yet. */
  readonly shares: Float32Array
  /** By node: where the features of the path to a leaf begin; they end where those of the next node begin. */
  readonly featureStarts: Int32Array
  /** Each once on its path, that which split last at the end. */
  readonly features: Int32Array
}

const memos = new WeakMap<Trees, ShareMemo>()

/** The memo of trees, for as long as they live. @param maxShares that it has room for, when it is made */
export function memoOf(trees: Trees, maxShares = defaultMaxShares): ShareMemo {
  const known = memos.get(trees)
  if (known !== undefined) return known
  const made = makeMemo(trees, maxShares)
  memos.set(trees, made)
  return made
}

function makeMemo(trees: Trees, maxShares: number): ShareMemo {
  const { length } = trees.features
  const { featureStarts, features, depths } = pathsOf(trees)
  const heights = heightsOf(trees)
  const starts = new Int32Array(length).fill(-1)
  const widths = new Int32Array(length)
  const inKept = new Uint8Array(length)
  let shares = 0
  for (let node = 0; node < length; node++) {
    const left = trees.lefts[node] ?? -1
    const isKept = (heights[node] ?? 0) <= keptHeight
    if (left >= 0 && (isKept || inKept[node] === 1)) inKept.fill(1, left, left + 2)
    if (!isKept || inKept[node] === 1) continue
    const { splits, leaves } = subtreeOf(trees, node)
    const width = leaves.reduce(
      (sum, leaf) => sum + (featureStarts[leaf + 1] ?? 0) - (featureStarts[leaf] ?? 0),
      0,
    )
    const needed = 2 ** ((depths[node] ?? 0) + splits) * width
    if (shares + needed > maxShares) continue
    starts[node] = shares
    widths[node] = width
    shares += needed
  }
  const kept = new Float32Array(shares).fill(Number.NaN)
  return { starts, widths, shares: kept, featureStarts, features: Int32Array.from(features) }
}

/** Children follow their parents, of whom everything is known by then. */
function pathsOf({ features: splits, lefts }: Trees) {
  const featureStarts = new Int32Array(splits.length + 1)
  const depths = new Int32Array(splits.length)
  const features: number[] = []
  const above = new Map<number, readonly number[]>()
  for (let node = 0; node < splits.length; node++) {
    const path = above.get(node) ?? []
    above.delete(node)
    const feature = splits[node] ?? -1
    featureStarts[node] = features.length
    if (feature < 0) {
      features.push(...path)
      continue
    }
    const left = lefts[node] ?? 0
    const below = [...path.filter((one) => one !== feature), feature]
    above.set(left, below).set(left + 1, below)
    depths.fill((depths[node] ?? 0) + 1, left, left + 2)
  }
  featureStarts[splits.length] = features.length
  return { featureStarts, features, depths }
}

/** By node: splits on the longest way to a leaf. */
function heightsOf({ features, lefts }: Trees): Int32Array {
  const heights = new Int32Array(features.length)
  for (let node = features.length - 1; node >= 0; node--) {
    if ((features[node] ?? -1) < 0) continue
    const left = lefts[node] ?? 0
    heights[node] = 1 + Math.max(heights[left] ?? 0, heights[left + 1] ?? 0)
  }
  return heights
}

function subtreeOf({ features, lefts }: Trees, root: number) {
  const nodes = [root]
  let splits = 0
  const leaves: number[] = []
  for (const node of nodes) {
    if ((features[node] ?? -1) < 0) leaves.push(node)
    else {
      splits += 1
      nodes.push(lefts[node] ?? 0, (lefts[node] ?? 0) + 1)
    }
  }
  return { splits, leaves }
}
