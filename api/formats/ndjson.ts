/** One JSON object a line, as PostgreSQL wrote it. */
import type { RowEncoder } from './row-encoder.ts'

const nothing = new Uint8Array()

/** Encodes rows whose only text is a JSON object. */
export function createNdjsonEncoder(): RowEncoder {
  return {
    begin: () => nothing,
    encode: (rows) => Buffer.from(rows.map(([json]) => `${json ?? 'null'}\n`).join('')),
    finish: () => nothing,
  }
}
