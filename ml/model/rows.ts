/** Features by name → rows of numbers as a model takes them. */
import { type FeatureRow, greatestFloat32 } from '../../core/contracts/predictor.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Model } from './read-model.ts'

/**
 * The rows one after the other, each in the order of the model's features; null and what is left out are missing (NaN).
 * @throws `ml/unknown-feature` or `ml/not-a-feature-value`
 */
export function toRows(model: Model, featureRows: readonly FeatureRow[]): Float32Array {
  const width = model.features.length
  const places = new Map(model.features.map((name, index) => [name, index]))
  const rows = new Float32Array(featureRows.length * width).fill(Number.NaN)
  featureRows.forEach((featureRow, index) => {
    for (const [feature, value] of Object.entries(featureRow)) {
      const place = places.get(feature)
      if (place === undefined) {
        throw problem('ml/unknown-feature', { feature, nearest: nearest(feature, model.features) })
      }
      if (value === null) continue
      if (!(Math.abs(value) <= greatestFloat32)) {
        throw problem('ml/not-a-feature-value', { feature, value })
      }
      rows[index * width + place] = value
    }
  })
  return rows
}

/** How many rows these values are. @throws `ml/row-width` when the last one is not whole */
export function countRows(model: Model, rows: Float32Array): number {
  const features = model.features.length
  if (rows.length % features !== 0) {
    throw problem('ml/row-width', { values: rows.length, features })
  }
  return rows.length / features
}
