/** Looks at lake and PostgreSQL, and says for each request what there is to do. Writes nothing. */
import { createHash } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { PoolClient } from 'pg'
import { queryValue } from '../../core/clients/duckdb.ts'
import { type TableChange, tableChange, wasTableAt } from '../../core/clients/lake/changes.ts'
import { fileRows } from '../../core/clients/lake/file-rows.ts'
import { hasSnapshot, type LakeTable, rowWatermark } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { problem } from '../../core/problems.ts'
import { readTarget, type TargetTable } from './catalog.ts'
import type { StagedColumn } from './column-types.ts'
import { type Carried, type Decision, decidePublish, type Published } from './decide.ts'
import { readPublished } from './ledger.ts'
import type { MergeTarget } from './merge.ts'
import type { PublishRequest } from './request.ts'
import { pinned, readSourceColumns } from './stage.ts'

type WorkBase = {
  readonly request: PublishRequest
  readonly columns: readonly StagedColumn[]
  readonly sourceUuid: string
  readonly fingerprint: string
  readonly isOurs: boolean
  /** One past the largest rowid of the source at the snapshot. */
  readonly watermark: bigint
  /** Rows of the source at the snapshot. */
  readonly sourceRows: bigint
}

/** Something to write. */
export type Work =
  | (WorkBase & { readonly kind: 'swap'; readonly target: TargetTable | undefined })
  | (WorkBase & {
      readonly kind: 'merge' | 'append'
      readonly merge: MergeTarget
      readonly carried: Carried
    })

export type Job = {
  readonly request: PublishRequest
  readonly decision: Exclude<Decision, { kind: 'not-ours' }>
  /** Undefined when there is nothing to write. */
  readonly work: Work | undefined
}

type Place = {
  readonly lake: Lake
  readonly client: PoolClient
  readonly duckdb: DuckDBConnection
  readonly schema: string
  readonly snapshot: number
}

/** @throws `publish/not-built`, `publish/not-ours`, `publish/unsupported-type` */
export async function examine(requests: readonly PublishRequest[], place: Place): Promise<Job[]> {
  const tables = await place.lake.tables(place.snapshot, place.duckdb)
  const jobs: Job[] = []
  for (const request of requests) jobs.push(await examineOne(request, tables, place))
  return jobs
}

async function examineOne(
  request: PublishRequest,
  tables: readonly LakeTable[],
  place: Place,
): Promise<Job> {
  const { client, duckdb, schema, snapshot } = place
  const source = findSource(request, tables, snapshot)
  const columns = await readSourceColumns(duckdb, request, snapshot)
  const fingerprint = fingerprintOf(request, columns)
  const target = await readTarget(client, schema, request.table)
  const published = await readPublished(client, schema, request.table)
  const decision = decidePublish({
    strategy: request.strategy,
    snapshot,
    fingerprint,
    targetExists: target !== undefined,
    published,
    change: published && (await changeSince(published, source, place)),
    isOldThere: published !== undefined && (await isOldThere(published, source, place)),
  })
  switch (decision.kind) {
    case 'not-ours':
      throw problem('publish/not-ours', {
        model: request.model,
        table: `${schema}.${request.table}`,
      })
    case 'unchanged':
    case 'superseded':
      return { request, decision, work: undefined }
    default:
  }
  // The files tell at no cost, unless rows were ever changed or taken away; then the rows themselves do.
  const files = await fileRows(duckdb, place.lake.options.catalog, {
    uuid: source.uuid,
    snapshot,
  })
  const base = {
    request,
    columns,
    sourceUuid: source.uuid,
    fingerprint,
    isOurs: decision.kind === 'swap' || published?.isOurs === true,
    watermark:
      files?.watermark ?? (await rowWatermark(duckdb, source.schema, source.name, snapshot)),
    sourceRows: files?.rows ?? (await countRows(duckdb, request, snapshot)),
  }
  if (decision.kind === 'swap' || target === undefined) {
    return { request, decision, work: { ...base, kind: 'swap', target } }
  }
  const { model, table, uniqueKey } = request
  const merge = { model, schema, table, target, columns, uniqueKey }
  const { kind, ...carried } = decision
  return { request, decision, work: { ...base, kind, carried, merge } }
}

function findSource(
  request: PublishRequest,
  tables: readonly LakeTable[],
  snapshot: number,
): LakeTable {
  const { schema, table } = request.source
  const found = tables.find((one) => one.schema === schema && one.name === table)
  if (found !== undefined) return found
  const relation = `${schema}.${table}`
  throw problem('publish/not-built', { model: request.model, relation, snapshot })
}

/** Undefined when what was published came from another lake, whose snapshot numbers mean nothing here. */
async function changeSince(
  published: Published,
  source: LakeTable,
  { lake, duckdb, snapshot }: Place,
): Promise<TableChange | undefined> {
  const { catalog } = lake.options
  const before = { uuid: published.sourceUuid, snapshot: published.snapshot }
  if (before.snapshot > snapshot && !(await wasTableAt(duckdb, catalog, before))) return undefined
  return await tableChange(duckdb, catalog, before, { uuid: source.uuid, snapshot })
}

/** Whether what was published is the past of the source's name. */
async function isOldThere(
  { sourceUuid, snapshot }: Published,
  { schema, name }: LakeTable,
  { lake, duckdb, snapshot: newest }: Place,
): Promise<boolean> {
  if (snapshot > newest || !(await hasSnapshot(duckdb, lake.options.catalog, snapshot)))
    return false
  const then = await lake.tables(snapshot, duckdb)
  return then.some((one) => one.uuid === sourceUuid && one.schema === schema && one.name === name)
}

async function countRows(
  duckdb: DuckDBConnection,
  request: PublishRequest,
  snapshot: number,
): Promise<bigint> {
  return BigInt(
    String(await queryValue(duckdb, `select count(*) from ${pinned(request, snapshot)}`)),
  )
}

function fingerprintOf(request: PublishRequest, columns: readonly StagedColumn[]): string {
  const { strategy, uniqueKey, indexes, grants, description, columnDescriptions } = request
  const text = JSON.stringify([
    strategy,
    uniqueKey,
    indexes,
    grants,
    columns,
    description,
    columnDescriptions,
  ])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
