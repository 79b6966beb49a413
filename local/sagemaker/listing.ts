/** Lists: filtered, sorted, a page at a time. */
import { z } from 'zod'
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
  const by = request.SortBy ?? 'CreationTime'
  const direction = (request.SortOrder ?? defaultOrder) === 'Ascending' ? 1 : -1
  const inOrder = (a: Place, b: Place) => direction * comparePlaces(a, b)
  const after = startOf(request.NextToken)
  const chosen = things
    .filter((thing) => matches(thing, request))
    .sort((a, b) => inOrder(placeOf(a, by), placeOf(b, by)))
    .filter((thing) => after === undefined || inOrder(placeOf(thing, by), after) > 0)
  const page = chosen.slice(0, request.MaxResults ?? defaultPage)
  const last = page.at(-1)
  const isLast = last === undefined || page.length === chosen.length
  return { page, NextToken: isLast ? undefined : tokenOf(placeOf(last, by)) }
}

/** What a list is sorted by, and the name, which tells apart what is equal there. */
type Place = readonly [key: string | number, name: string]

function placeOf(thing: Listed, by: string): Place {
  if (by === 'Name') return [thing.name, thing.name]
  return [by === 'Status' ? (thing.status ?? '') : thing.createdAt, thing.name]
}

const byName = new Intl.Collator('en', { numeric: true })

function comparePlaces([key, name]: Place, [otherKey, otherName]: Place): number {
  if (key !== otherKey) return key < otherKey ? -1 : 1
  return byName.compare(name, otherName)
}

/** The place of the last thing of a page, so that what is made or deleted meanwhile moves nothing. */
function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64')
}

const place = z.tuple([z.union([z.string(), z.number()]), z.string()])

function startOf(token: string | undefined): Place | undefined {
  if (token === undefined) return undefined
  try {
    return place.parse(JSON.parse(Buffer.from(token, 'base64').toString('utf8')))
  } catch {
    throw invalid('Invalid pagination token.')
  }
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
