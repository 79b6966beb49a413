/**
 * Entity tags made of what an answer depends on: versions, question, format, masks. They are weak, because two answers
 * with one tag hold the same rows, though not always in the same order of bytes.
 *
 * Only a table that Millrace alone writes (strategy `swap`) changes with its version; rows that an application inserts
 * into a merged table change nothing in `millrace.published`, so such a table must not have a tag.
 */
import { createHash } from 'node:crypto'

/** A weak tag; the same parts in the same order give the same tag. */
export function etagOf(parts: readonly (string | number | boolean)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
  return `W/"${hash.slice(0, 27)}"`
}

/** Tells whether a request's `If-None-Match` names the tag; `*` matches every one. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '')
  return ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag))
}
