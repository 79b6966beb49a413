/**
 * All trees of a model in a few typed arrays, so that a row walks through memory that lies together. Nodes are numbered
 * anew by levels: children follow their parents, the right child its left sibling, and pruned nodes are gone.
 */
import { problem } from '../../core/problems.ts'
import type { TreeJson } from './model-files.ts'

/** By node, but `roots`. Numbers are of 32 bits as in XGBoost: others would send some rows the other way. */
export type Trees = {
  readonly roots: Int32Array
  /** The feature that splits; −1 for a leaf. */
  readonly features: Int32Array
  /** Below goes left. For a leaf: what it adds to the margin. */
  readonly thresholds: Float32Array
  /** The left child; the right one is the next node. */
  readonly lefts: Int32Array
  /** The child that a missing value goes to. */
  readonly missing: Int32Array
  /** The weight of the training rows that came by. */
  readonly covers: Float32Array
  /** Splits on the longest way from a root to a leaf. */
  readonly depth: number
}

/** @throws `ml/model-damaged` when a tree is none, or asks for a feature beyond `featureCount` */
export function flattenTrees(trees: readonly TreeJson[], featureCount: number): Trees {
  const nodeCount = trees.reduce((total, tree) => total + tree.left_children.length, 0)
  const flat = {
    roots: new Int32Array(trees.length),
    features: new Int32Array(nodeCount),
    thresholds: new Float32Array(nodeCount),
    lefts: new Int32Array(nodeCount),
    missing: new Int32Array(nodeCount),
    covers: new Float32Array(nodeCount),
    depth: 0,
  }
  let end = 0
  trees.forEach((tree, index) => {
    flat.roots[index] = end
    const damage = (reason: string) =>
      problem('ml/model-damaged', { file: 'model.json', reason: `tree ${index} ${reason}` })
    end = appendTree(flat, end, tree, { featureCount, damage })
  })
  return flat
}

type Growing = { -readonly [Key in keyof Trees]: Trees[Key] }
type Checks = { readonly featureCount: number; readonly damage: (reason: string) => Error }

/** Returns the end of the tree's nodes; `start` is where they begin. */
function appendTree(flat: Growing, start: number, tree: TreeJson, checks: Checks): number {
  const { damage } = checks
  if (!hasArraysOfOneLength(tree)) throw damage('has arrays of different lengths')
  let level = [0]
  let end = start
  for (let depth = 0; level.length > 0; depth++) {
    flat.depth = Math.max(flat.depth, depth)
    const below: number[] = []
    const first = end + level.length
    // More nodes than there are: some are their own ancestors.
    if (first > start + tree.left_children.length) throw damage('runs in a circle')
    for (const node of level) {
      const children = childrenOf(tree, node, damage)
      writeNode(flat, end, tree, node, children && first + below.length, checks)
      end += 1
      if (children !== undefined) below.push(...children)
    }
    level = below
  }
  return end
}

function hasArraysOfOneLength(tree: TreeJson): boolean {
  const { length } = tree.left_children
  const { right_children, split_indices, split_conditions, default_left, sum_hessian } = tree
  const others = [right_children, split_indices, split_conditions, default_left, sum_hessian]
  return length > 0 && others.every((values) => values.length === length)
}

function childrenOf(
  tree: TreeJson,
  node: number,
  damage: Checks['damage'],
): readonly [number, number] | undefined {
  const left = tree.left_children[node] ?? -1
  const right = tree.right_children[node] ?? -1
  if (left === -1 && right === -1) return undefined
  for (const child of [left, right]) {
    if (!Number.isInteger(child) || child <= 0 || child >= tree.left_children.length) {
      throw damage(`has no node ${child}, which node ${node} names`)
    }
  }
  return [left, right]
}

function writeNode(
  flat: Growing,
  to: number,
  tree: TreeJson,
  node: number,
  left: number | undefined,
  { featureCount, damage }: Checks,
): void {
  const feature = tree.split_indices[node] ?? -1
  const cover = tree.sum_hessian[node] ?? 0
  if (left !== undefined) {
    if (!Number.isInteger(feature) || feature < 0 || feature >= featureCount) {
      throw damage(`splits by feature ${feature} of ${featureCount}`)
    }
    if (cover <= 0) throw damage(`has no training rows at node ${node}, which splits`)
  }
  flat.features[to] = left === undefined ? -1 : feature
  flat.thresholds[to] = tree.split_conditions[node] ?? 0
  flat.lefts[to] = left ?? -1
  flat.missing[to] =
    left === undefined ? -1 : left + (Number(tree.default_left[node]) === 1 ? 0 : 1)
  flat.covers[to] = cover
}
