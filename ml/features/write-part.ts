/** A part of a split, a file of about so many rows: made in a folder, hashed, sent, removed. */
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryValue } from '../../core/clients/duckdb.ts'
import { problem } from '../../core/problems.ts'
import { quoteIdent, quoteLiteral } from '../../core/sql.ts'
import type { FeatureSet } from './feature-set.ts'
import { type ExportedFile, isoOf } from './manifest.ts'
import { labelledRows, type PinnedTables } from './pinned-tables.ts'
import type { SplitName } from './splits.ts'

/** Where an export goes; paths are below its root. */
export interface ExportPlace {
  fetch(path: string): Promise<Uint8Array | undefined>
  put(path: string, body: Uint8Array, contentType: string): Promise<void>
}

/**
 * The users of one instant the hash of whose id leaves `index` when it is divided by `count`. The ids themselves may all
 * leave the same.
 */
export type Part = { readonly asOf: number; readonly index: number; readonly count: number }

type PartRequest = {
  readonly tables: PinnedTables
  readonly set: FeatureSet
  readonly split: SplitName
  readonly part: Part
  /** Name of the label's column. */
  readonly label: string
  readonly folder: string
  readonly place: ExportPlace
}

const table = 'temp.main.export_part'

/** Both files have the same rows, by user; of no rows there are none. @throws `ml/feature-not-finite` */
export async function writePart(
  connection: DuckDBConnection,
  request: PartRequest,
): Promise<{ readonly rows: number; readonly files: readonly ExportedFile[] }> {
  await connection.run(partSql(request))
  try {
    const rows = Number(await queryValue(connection, `select count(*) from ${table}`))
    if (rows === 0) return { rows, files: [] }
    await requireFinite(connection, request)
    const { part, split } = request
    const name = `part-${isoOf(part.asOf).replaceAll(/[-:]/g, '')}-${String(part.index).padStart(4, '0')}`
    // `* exclude` keeps label and features in their order.
    const csv = `(select * exclude (user_id, as_of) from ${table})`
    const files = [
      await send(request, `${split}/${name}.csv`, rows, 'text/csv', (file) =>
        connection.run(`copy ${csv} to ${file} (format csv, header false, nullstr '')`),
      ),
      await send(
        request,
        `parquet/${split}/${name}.parquet`,
        rows,
        'application/x-parquet',
        (file) => connection.run(`copy ${table} to ${file} (format parquet, compression zstd)`),
      ),
    ]
    return { rows, files }
  } finally {
    await connection.run(`drop table if exists ${table}`)
  }
}

/** A model takes numbers of 32 bits: what lies beyond them is infinite. */
async function requireFinite(
  connection: DuckDBConnection,
  { set, part }: PartRequest,
): Promise<void> {
  const names = set.names.map((name) => {
    const fits = `abs(${quoteIdent(name)}::double) <= 3.4028234e38`
    return `case when bool_or(not ${fits}) then ${quoteLiteral(name)} end`
  })
  const found = await queryValue(
    connection,
    `select concat_ws(', ', ${names.join(', ')}) from ${table}`,
  )
  if (found === '') return
  const { schema, name } = set.features.relation
  const parameters = { table: `${schema}.${name}`, features: String(found), asOf: isoOf(part.asOf) }
  throw problem('ml/feature-not-finite', parameters)
}

function partSql({ tables, set, part, label }: PartRequest): string {
  const features = set.names.map((name) => `f.${quoteIdent(name)}`)
  const ofPart = part.count === 1 ? '' : `and hash(f.user_id) % ${part.count} = ${part.index}`
  return `create or replace temp table export_part as
    select f.user_id, f.as_of, l.${quoteIdent(set.labelName)}::tinyint as ${quoteIdent(label)}, ${features.join(', ')}
    from ${labelledRows(tables, set)}
    where f.as_of = timestamp ${quoteLiteral(isoOf(part.asOf))} ${ofPart}
    order by f.user_id`
}

async function send(
  { folder, place }: PartRequest,
  path: string,
  rows: number,
  contentType: string,
  write: (file: string) => Promise<unknown>,
): Promise<ExportedFile> {
  const file = join(folder, 'part')
  await write(quoteLiteral(file))
  const body = await readFile(file)
  await rm(file)
  await place.put(path, body, contentType)
  const sha256 = createHash('sha256').update(body).digest('hex')
  return { path, sha256, rows, bytes: body.length }
}
