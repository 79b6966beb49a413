/** `limit` and `cursor` of an endpoint with pages. */
import { problem } from '../../core/problems.ts'
import type { EndpointHeader } from './header.ts'

/** Most answers that are no pages: all rows up to the limit. */
export type PageRequest = {
  readonly limit: number
  readonly cursor: string | undefined
}

/** Takes both out of the query. @throws `api/invalid-parameter` */
export function takePage(header: EndpointHeader, query: URLSearchParams): PageRequest {
  const { page, shape, row_limit: rowLimit } = header
  if (page === undefined) return { limit: shape === 'object' ? 1 : rowLimit, cursor: undefined }
  const limit = takeOne(query, 'limit')
  const cursor = takeOne(query, 'cursor')
  if (limit !== undefined && !(/^\d{1,5}$/.test(limit) && +limit >= 1 && +limit <= page.max_size)) {
    const reason = `has to be a whole number from 1 to ${page.max_size}`
    throw problem('api/invalid-parameter', { name: 'limit', reason })
  }
  return { limit: limit === undefined ? page.size : Number(limit), cursor }
}

function takeOne(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) {
    throw problem('api/invalid-parameter', { name, reason: 'is given more than once' })
  }
  query.delete(name)
  return values[0]
}
