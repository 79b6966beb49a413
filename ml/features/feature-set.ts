/** Which tables and columns an export takes, by what the project's yml says of them. */
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import {
  type DescribedNode,
  type DescribedProject,
  featureColumns,
  labelColumns,
  upstreamOf,
} from './described.ts'

export type FeatureSet = {
  readonly features: DescribedNode
  readonly labels: DescribedNode
  /** Names of the features, in the order of the yml. */
  readonly names: readonly string[]
  /** Those with `meta: {baseline: true}`: how recent and how frequent. */
  readonly baselineNames: readonly string[]
  readonly labelName: string
  /** The two models and all that they read, sorted by id: what the values come from. */
  readonly logic: readonly DescribedNode[]
}

/**
 * Finds both models by name.
 * @throws `ml/no-feature-model` when there is none of the name, or no column of it is said to be a feature or a label
 */
export function findFeatureSet(
  project: DescribedProject,
  wanted: { readonly features: string; readonly labels: string },
): FeatureSet {
  const features = find(project, wanted.features, 'feature', featureColumns)
  const labels = find(project, wanted.labels, 'label', labelColumns)
  const columns = featureColumns(features)
  const logic = new Set([features, labels])
  for (const model of [features, labels]) {
    for (const upstream of upstreamOf(project, model).keys()) logic.add(upstream)
  }
  return {
    features,
    labels,
    names: columns.map(({ name }) => name),
    baselineNames: columns.filter(({ meta }) => meta['baseline'] === true).map(({ name }) => name),
    labelName: labelColumns(labels)[0]?.name ?? '',
    logic: [...logic].sort((one, other) => (one.id < other.id ? -1 : 1)),
  }
}

function find(
  project: DescribedProject,
  name: string,
  kind: 'feature' | 'label',
  columnsOf: typeof featureColumns,
): DescribedNode {
  const candidates = [...project.values()].filter((node) => columnsOf(node).length > 0)
  const found = candidates.find((node) => node.name === name)
  if (found !== undefined) return found
  const near = nearest(
    name,
    candidates.map((node) => node.name),
  )
  throw problem('ml/no-feature-model', { model: name, kind, nearest: near })
}
