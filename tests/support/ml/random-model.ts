/** Random trees of four features as XGBoost would write them, and Shapley values by their definition. */
import fc from 'fast-check'
import { readModel } from '../../../ml/model/read-model.ts'

const featureCount = 4

/** A leaf has a value; a split a feature, a threshold, two branches and the weight of its training rows. */
type Tree =
  | { readonly value: number; readonly cover: number }
  | {
      readonly feature: number
      readonly threshold: number
      readonly isLeftDefault: boolean
      readonly branches: readonly [Tree, Tree]
    }

const leaf = fc.record({
  value: fc.integer({ min: -64, max: 64 }).map((n) => n / 64),
  cover: fc.integer({ min: 1, max: 40 }),
})

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.record({
      feature: fc.integer({ min: 0, max: featureCount - 1 }),
      threshold: fc.integer({ min: -2, max: 3 }),
      isLeftDefault: fc.boolean(),
      branches: fc.tuple(tie('tree'), tie('tree')),
    }),
  ),
}))

export const anyTrees = fc.array(tree, { minLength: 1, maxLength: 4 })

/** The model of these trees, uncalibrated, read from JSON like any other. */
export function modelOf(trees: readonly Tree[]) {
  const parameters = { num_class: '0', num_feature: String(featureCount), num_target: '1' }
  const booster = {
    gbtree_model_param: { num_trees: String(trees.length) },
    trees: trees.map(toXgboost),
  }
  const model = {
    version: [3, 0, 5],
    learner: {
      objective: { name: 'binary:logistic' },
      gradient_booster: { name: 'gbtree', model: booster },
      learner_model_param: { base_score: '2.5E-1', ...parameters },
    },
  }
  const serving = {
    format: 1,
    model_name: 'random',
    model_version: '1',
    features: Array.from({ length: featureCount }, (_, index) => `f${index}`),
    calibration: { kind: 'none' },
  }
  return readModel(JSON.stringify(model), JSON.stringify(serving))
}

function coverOf(node: Tree): number {
  return 'cover' in node ? node.cover : coverOf(node.branches[0]) + coverOf(node.branches[1])
}

/** Depth first, unlike XGBoost, whose numbers of nodes mean nothing either. */
function toXgboost(root: Tree) {
  const byNode = (): number[] => []
  const tree = {
    left_children: byNode(),
    right_children: byNode(),
    split_indices: byNode(),
    split_conditions: byNode(),
    default_left: byNode(),
    sum_hessian: byNode(),
    tree_param: { size_leaf_vector: '1' },
  }
  const add = (node: Tree): number => {
    const index = tree.left_children.push(-1) - 1
    const isLeaf = 'value' in node
    tree.right_children[index] = -1
    tree.split_indices[index] = isLeaf ? 0 : node.feature
    tree.split_conditions[index] = isLeaf ? node.value : node.threshold
    tree.default_left[index] = !isLeaf && node.isLeftDefault ? 1 : 0
    tree.sum_hessian[index] = coverOf(node)
    if (!isLeaf) {
      tree.left_children[index] = add(node.branches[0])
      tree.right_children[index] = add(node.branches[1])
    }
    return index
  }
  add(root)
  return tree
}

/** What a tree says when only the features of a set (bits) are known. */
function meanKnowing(node: Tree, row: Float32Array, known: number): number {
  if ('value' in node) return node.value
  const [left, right] = node.branches
  const value = row[node.feature] ?? Number.NaN
  if ((known >> node.feature) & 1) {
    const goesLeft = Number.isNaN(value) ? node.isLeftDefault : value < node.threshold
    return meanKnowing(goesLeft ? left : right, row, known)
  }
  const [leftCover, rightCover] = [coverOf(left), coverOf(right)]
  const weighted =
    meanKnowing(left, row, known) * leftCover + meanKnowing(right, row, known) * rightCover
  return weighted / (leftCover + rightCover)
}

/** The mean, over all orders of getting to know the features, of what each one changes. */
export function shapleyByDefinition(trees: readonly Tree[], row: Float32Array): readonly number[] {
  const orders = permutationsOf(Array.from({ length: featureCount }, (_, index) => index))
  const values = new Array<number>(featureCount).fill(0)
  for (const order of orders) {
    let known = 0
    for (const feature of order) {
      const before = known
      known |= 1 << feature
      for (const tree of trees) {
        const change = meanKnowing(tree, row, known) - meanKnowing(tree, row, before)
        values[feature] = (values[feature] ?? 0) + change / orders.length
      }
    }
  }
  return values
}

function permutationsOf(values: readonly number[]): readonly (readonly number[])[] {
  if (values.length === 0) return [[]]
  return values.flatMap((first) =>
    permutationsOf(values.filter((value) => value !== first)).map((rest) => [first, ...rest]),
  )
}
