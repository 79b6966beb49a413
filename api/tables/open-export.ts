/** All rows of a question as a stream, in a format of `formats/`. */
import { problem } from '../../core/problems.ts'
import type { StreamedFormat } from '../formats/create-encoder.ts'
import type { PostgresExports, RowCursor } from '../sources/postgres-exports.ts'
import { readAfter } from './answer-page.ts'
import type { CursorSeal } from './cursor.ts'
import type { PublishedTable, TableState } from './published-table.ts'
import type { Question } from './read-question.ts'
import { readState } from './read-state.ts'
import { exportStatement } from './statements.ts'

export type OpenExport = {
  readonly state: TableState | undefined
  /** Stands before the first row. Whoever has it closes it. */
  readonly cursor: RowCursor
}

/**
 * Starts the statement and reads which version its rows are.
 * @param maxRows more are refused at once when that is known
 * @throws `api/too-many-rows`, `api/too-many-exports`, `api/no-key`, `api/invalid-cursor`, and what the source throws
 */
export async function openExport(
  table: PublishedTable,
  question: Question,
  format: StreamedFormat,
  { seal, exports, maxRows }: ExportDependencies,
): Promise<OpenExport> {
  assertFits(table, question, maxRows)
  const after = readAfter(table, question, seal)
  const pageOrder = question.totalOrder ?? question.order
  // Without an order rows come as they lie in the table, which is the quickest.
  const order = after === undefined && question.order.length === 0 ? [] : pageOrder
  const shape = format === 'ndjson' ? 'json' : 'columns'
  const range = { order, after, limit: question.limit }
  const { text, values } = exportStatement(table, question, range, shape)
  const cursor = await exports.open(text, values)
  try {
    const [first] = await cursor.read(1)
    return { state: readState(first), cursor }
  } catch (error) {
    await cursor.close()
    throw error
  }
}

export type ExportDependencies = {
  readonly seal: CursorSeal
  readonly exports: PostgresExports
  readonly maxRows: number
}

function assertFits(table: PublishedTable, question: Question, maxRows: number): void {
  const isWhole = question.filters.length === 0 && question.cursor === undefined
  const known = isWhole && table.isWholly ? table.estimatedRows : 0
  const rows = question.limit === undefined ? known : question.limit
  if (rows > maxRows) throw problem('api/too-many-rows', { limit: maxRows })
}
