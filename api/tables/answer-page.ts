/** One page as JSON: `{"data": […], "next": "…"}`. */
import { z } from 'zod'
import { problem } from '../../core/problems.ts'
import type { PostgresSource } from '../sources/postgres-source.ts'
import { type CursorSeal, maxCursorLength } from './cursor.ts'
import type { PublishedTable, TableState } from './published-table.ts'
import type { Question } from './read-question.ts'
import { readState } from './read-state.ts'
import { estimateStatement, pageStatement } from './statements.ts'

export type Page = {
  readonly state: TableState | undefined
  /** JSON. */
  readonly body: string
  /** Opens the next page; null after the last row, and when there is no key to go on by, or one too long. */
  readonly next: string | null
  /** More rows are there. */
  readonly isCut: boolean
  readonly total: number | undefined
}

export const pageLimits = { defaultRows: 100, maxRows: 10_000, maxBytes: 16 * 1024 ** 2 } as const
const timeoutMs = 15_000

/**
 * Reads one page in the order of the question, completed by the key.
 * @throws `api/no-key`, `api/invalid-cursor`, `api/invalid-parameter`, and what the source throws
 */
export async function answerPage(
  table: PublishedTable,
  question: Question,
  seal: CursorSeal,
  source: Pick<PostgresSource, 'rows'>,
): Promise<Page> {
  const limit = pageLimit(question)
  const order = question.totalOrder ?? question.order
  const after = readAfter(table, question, seal)
  const range = { order, after, limit, maxBytes: pageLimits.maxBytes }
  const [first, ...rows] = await source.rows({
    ...pageStatement(table, question, range),
    timeoutMs,
  })
  const shown = rows.slice(0, limit).filter((row) => row[1] !== null)
  const isCut = rows.length > shown.length
  const last = shown.at(-1)
  const canGoOn = isCut && last !== undefined && question.totalOrder !== undefined
  const cursor = canGoOn ? seal.seal(last.slice(2), question.scope) : null
  const next = cursor !== null && cursor.length <= maxCursorLength ? cursor : null
  const total = await readTotal(table, question, source, first?.[1] ?? null)
  const data = shown.map((row) => row[1]).join(',')
  const count = total === undefined ? '' : `,"count":${total}`
  const body = `{"data":[${data}],"next":${JSON.stringify(next)}${count}}`
  return { state: readState(first), body, next, isCut, total }
}

/** Where a cursor says that the rows begin. */
export function readAfter(table: PublishedTable, question: Question, seal: CursorSeal) {
  const { cursor, scope, totalOrder } = question
  if (cursor === undefined) return undefined
  if (totalOrder === undefined) throw problem('api/no-key', { table: table.name })
  return seal.open(cursor, scope)
}

function pageLimit({ limit = pageLimits.defaultRows }: Question): number {
  if (limit <= pageLimits.maxRows) return limit
  const reason = `is more than ${pageLimits.maxRows}, the most of a page; the other formats give all rows at once`
  throw problem('api/invalid-parameter', { name: 'limit', reason })
}

const planSchema = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })])

async function readTotal(
  table: PublishedTable,
  question: Question,
  source: Pick<PostgresSource, 'rows'>,
  exact: string | null,
): Promise<number | undefined> {
  if (exact !== null) return Number(exact)
  if (question.count !== 'estimated') return undefined
  if (question.filters.length === 0) return table.estimatedRows
  const [row] = await source.rows({ ...estimateStatement(table, question), timeoutMs })
  return planSchema.parse(JSON.parse(row?.[0] ?? ''))[0].Plan['Plan Rows']
}
