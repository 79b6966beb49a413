/** The headers of every answer with rows, also of 304. */
import { type FormatName, formats } from '../formats/format.ts'
import { etagOf } from '../http/etag.ts'
import { dictionaryKey } from '../http/structured-fields.ts'
import type { PublishedTable, TableState } from './published-table.ts'

export type RowRequest = {
  /** The whole address. */
  readonly url: string
  readonly format: FormatName
  readonly seesPersonalData: boolean
  /** Of the seal of the cursor that a page holds. */
  readonly sealIdentity: string
}

/**
 * Where the rows come from, their tag and who may keep them. `X-Table-Version` is a dictionary of RFC 9651.
 * Only a table that nobody but Millrace writes has a tag.
 */
export function rowHeaders(
  request: RowRequest,
  table: PublishedTable,
  state: TableState,
): Record<string, string> {
  const etag = tagOf(request, table, state)
  return {
    'content-type': formats[request.format].contentType,
    'x-table-version': `${dictionaryKey(table.name)}=${state.version}`,
    'x-as-of': state.asOf,
    'cache-control': 'private, no-cache',
    vary: 'Accept, Authorization, X-Api-Key',
    ...(etag === undefined ? {} : { etag }),
  }
}

/** The entity tag of an answer, or undefined when its rows may change without a new version. */
export function tagOf(
  { url, format, seesPersonalData, sealIdentity }: RowRequest,
  table: PublishedTable,
  { source, version, contract, relation }: TableState,
): string | undefined {
  if (!table.isWholly) return undefined
  const { pathname, search } = new URL(url)
  const columns = table.columns.map(({ name, postgresType }) => `${name} ${postgresType}`)
  return etagOf([
    pathname,
    search,
    format,
    seesPersonalData,
    source,
    version,
    contract,
    relation ?? '',
    columns.join(),
    // Who has a page whose cursor is refused by now has to get another one; only pages hold cursors.
    ...(format === 'json' ? [sealIdentity] : []),
  ])
}

/** The name under which a browser keeps a file. */
export function attachmentHeader(table: string, format: FormatName): Record<string, string> {
  const name = `${table.replaceAll(/[^\w.-]/g, '_')}.${format}`
  return { 'content-disposition': `attachment; filename="${name}"` }
}

/** The link to the next page; the address is relative, because the server may be known under another name. */
export function nextLink(url: string, cursor: string): string {
  const next = new URL(url)
  next.searchParams.set('cursor', cursor)
  return `<${next.pathname}${next.search}>; rel="next"`
}
