/** Lists: filtered, sorted, a page at a time. */
import { invalid } from './api/refusal.ts'

/** The members that all List operations share, as far as each has them. */
export type ListRequest = {
  readonly MaxResults?: number
  readonly NextToken?: string
  readonly NameContains?: string
  readonly CreationTimeAfter?: Date
  readonly CreationTimeBefore?: Date
  readonly LastModifiedTimeAfter?: Date
  readonly LastModifiedTimeBefore?: Date
  readonly StatusEquals?: string
  readonly SortBy?: string
  readonly SortOrder?: string
}

export type Listed = {
  readonly name: string
  readonly createdAt: number
  readonly modifiedAt?: number
  readonly status?: string
}

const defaultPage = 10

/**
 * One page of a list.
 * @returns the things and the token for the next page, undefined on the last
 * @throws a `ValidationException` for a token that is not ours
 */
export function listPage<Thing extends Listed>(
  things: readonly Thing[],
  request: ListRequest,
  defaultOrder: 'Ascending' | 'Descending' = 'Descending',
): { readonly page: readonly Thing[]; readonly NextToken: string | undefined } {
  const start = startOf(request.NextToken)
  const end = start + (request.MaxResults ?? defaultPage)
  const chosen = sorted(
    things.filter((thing) => matches(thing, request)),
    request.SortBy ?? 'CreationTime',
    request.SortOrder ?? defaultOrder,
  )
  const NextToken = end < chosen.length ? Buffer.from(`from:${end}`).toString('base64') : undefined
  return { page: chosen.slice(start, end), NextToken }
}

function startOf(token: string | undefined): number {
  if (token === undefined) return 0
  const found = /^from:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8'))
  if (found === null) throw invalid('Invalid pagination token.')
  return Number(found[1])
}

function matches(thing: Listed, request: ListRequest): boolean {
  const { createdAt, modifiedAt = createdAt } = thing
  const name = thing.name.toLowerCase()
  return (
    name.includes((request.NameContains ?? '').toLowerCase()) &&
    (request.StatusEquals === undefined || thing.status === request.StatusEquals) &&
    isWithin(createdAt, request.CreationTimeAfter, request.CreationTimeBefore) &&
    isWithin(modifiedAt, request.LastModifiedTimeAfter, request.LastModifiedTimeBefore)
  )
}

function isWithin(at: number, after: Date | undefined, before: Date | undefined): boolean {
  return (
    (after === undefined || at > after.getTime()) && (before === undefined || at < before.getTime())
  )
}

function sorted<Thing extends Listed>(things: Thing[], by: string, order: string): Thing[] {
  const key = (thing: Thing): string | number =>
    by === 'Name' ? thing.name : by === 'Status' ? (thing.status ?? '') : thing.createdAt
  const direction = order === 'Ascending' ? 1 : -1
  return things.sort((a, b) => direction * compare(key(a), key(b)))
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
