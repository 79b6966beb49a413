/** Stored features as a model takes them; the same for scores of one user, and of all. */
import { type FeatureRow, greatestFloat32 } from '../../core/contracts/predictor.ts'
import { problem } from '../../core/problems.ts'
import type { Model } from '../model/read-model.ts'

/** The newest features of each active user: table of schema `features` of the lake, and in PostgreSQL. */
export const latestFeatures = 'user_purchase_features_latest'

/** NULL, NaN, infinities and what 32 bits cannot hold are not known; true is 1. */
export function toFeatureValue(stored: unknown): number | null {
  if (stored === null || stored === undefined) return null
  const value = Number(stored)
  return Math.abs(value) <= greatestFloat32 ? value : null
}

/** Columns → the features of a model, in its order. @throws `ml/features-differ` when one is not there at all */
export function toFeatureRow(
  model: Pick<Model, 'name' | 'version' | 'features'>,
  stored: Readonly<Record<string, unknown>>,
): FeatureRow {
  assertFeatures(model, (feature) => Object.hasOwn(stored, feature))
  return Object.fromEntries(
    model.features.map((feature) => [feature, toFeatureValue(stored[feature])]),
  )
}

/** @throws `ml/features-differ` */
export function assertFeatures(
  { name, version, features }: Pick<Model, 'name' | 'version' | 'features'>,
  isThere: (feature: string) => boolean,
): void {
  const missing = features.filter((feature) => !isThere(feature))
  if (missing.length === 0) return
  throw problem('ml/features-differ', {
    table: latestFeatures,
    missing,
    model: `${name} ${version}`,
  })
}
