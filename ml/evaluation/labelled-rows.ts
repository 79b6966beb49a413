/** Rows of a channel: CSV without header, label first, an empty field for what is missing. */
import { problem } from '../../core/problems.ts'

export type LabelledRows = {
  /** In the order of the columns. */
  readonly features: readonly string[]
  /** 1 or 0 a row. */
  readonly labels: Uint8Array
  /** One row after the other, NaN where missing; 32 bits as in training. */
  readonly values: Float32Array
  /** A number from 0 for each user, one a row; undefined where nobody knows. */
  readonly users?: Uint32Array | undefined
}

/**
 * Reads the files of a channel, one after the other.
 * @param uri for messages
 * @throws `ml/export-unreadable`
 */
export function readLabelledRows(
  uri: string,
  features: readonly string[],
  files: readonly string[],
): LabelledRows {
  const lines = files.flatMap((text) => text.split('\n').filter((line) => line.trim() !== ''))
  const labels = new Uint8Array(lines.length)
  const values = new Float32Array(lines.length * features.length)
  lines.forEach((line, row) => {
    const fields = line.split(',')
    if (fields.length !== features.length + 1) {
      const reason = `row ${row + 1} has ${fields.length} fields, not ${features.length + 1}`
      throw problem('ml/export-unreadable', { uri, reason })
    }
    const label = Number(fields[0])
    if (label !== 0 && label !== 1) {
      throw problem('ml/export-unreadable', {
        uri,
        reason: `row ${row + 1} has label ${fields[0]}`,
      })
    }
    labels[row] = label
    for (let index = 1; index < fields.length; index++) {
      const text = fields[index]?.trim() ?? ''
      values[row * features.length + index - 1] = text === '' ? Number.NaN : Number(text)
    }
  })
  return { features, labels, values }
}

/** The same rows with other columns, missing where `rows` has none of that name. */
export function withColumns(rows: LabelledRows, features: readonly string[]): Float32Array {
  const count = rows.labels.length
  const values = new Float32Array(count * features.length).fill(Number.NaN)
  const width = rows.features.length
  features.forEach((name, to) => {
    const from = rows.features.indexOf(name)
    if (from === -1) return
    for (let row = 0; row < count; row++) {
      values[row * features.length + to] = rows.values[row * width + from] ?? Number.NaN
    }
  })
  return values
}
