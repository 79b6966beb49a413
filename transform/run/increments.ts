/**
 * Which rows of an upstream a model has not seen. A DuckLake table numbers its rows in commit order (`rowid`), so
 * "new" is everything from a watermark on; that holds as long as the table was not replaced and its old rows were
 * neither changed nor deleted, which is checked each time. Where it does not hold, the model is built in full.
 *
 * Rows that a transaction has itself inserted carry a huge placeholder rowid until it commits. They are read like
 * any new rows, but their final numbers are not known yet, so the state then says "everything up to the snapshot
 * that this state row was written in", and the watermark is looked up in that snapshot at the next run.
 */
import { quoteLiteral } from '../../core/sql.ts'
import type { ModelNode, Relation } from '../compile/graph.ts'
import { relationSql } from '../materialize/statement.ts'
import type { Session } from './adapter.ts'
import { opsRelation, type SqlValue } from './history.ts'

/** Rowid of every row that the transaction itself inserted; such rows show even in older versions. */
const uncommittedRowid = 1_000_000_000_000_000_000n

/** What a model had seen of an upstream at its last success. */
export type SeenState = {
  /** The model's own table, as it was written then. */
  readonly modelUuid: string | undefined
  readonly upstreamUuid: string
  readonly watermark: bigint
  /** Rows below the watermark. */
  readonly rowsSeen: bigint
  /** Rows below the watermark that are younger than this were put there by an update or a rewrite. */
  readonly snapshot: number
}

/** What this run has done to a relation so far. */
export type Change = 'replaced' | 'appended' | 'changed'

export type Upstream = {
  readonly id: string
  readonly relation: Relation
  /** Whether it is a table now. */
  readonly isTable: boolean
  readonly change: Change | undefined
}

/** The rows to read, or why the model has to be built in full. */
export type NewRows =
  | {
      readonly kind: 'from'
      readonly watermark: bigint
      /** No new row is in a file as old as this snapshot, where the files tell. */
      readonly after: number | undefined
      readonly next: UpstreamMark | undefined
    }
  | { readonly kind: 'all'; readonly reason: string; readonly next: UpstreamMark | undefined }

/** How far an upstream reaches in this transaction; undefined while its rows have no final numbers. */
export type UpstreamMark = {
  readonly uuid: string
  readonly watermark: bigint
  readonly rows: bigint
}

/** The committed state that the transaction began on. */
type Base = {
  readonly uuids: ReadonlyMap<string, string> | undefined
  readonly baseSnapshot: number | undefined
}

export async function findNewRows(
  session: Session,
  upstream: Upstream,
  seen: SeenState | undefined,
  { uuids, baseSnapshot }: Base,
): Promise<NewRows> {
  const all = (reason: string, next?: UpstreamMark): NewRows => ({ kind: 'all', reason, next })
  const { relation, change } = upstream
  const { name } = relation
  if (!upstream.isTable) return all(`${name} is not a table`)
  if (change === 'replaced') return all(`${name} was replaced in this run`)
  if (change === 'changed') return all(`${name} changed old rows in this run`)
  const uuid = uuids?.get(keyOf(relation))
  if (uuid === undefined || baseSnapshot === undefined) return all(`${name} has no identity here`)
  const isKnown = seen !== undefined && uuid === seen.upstreamUuid
  const reach =
    (isKnown ? await countByFiles(session, relation, seen, baseSnapshot) : undefined) ??
    (await measure(session, relation, seen))
  // Rows of this transaction have no final numbers yet: of a model above, or of a hook.
  const isOpen = change === 'appended' || reach.own > 0n
  const next = isOpen ? undefined : { uuid, watermark: reach.watermark, rows: reach.rows }
  if (seen === undefined) return all(`it has not read ${name} before`, next)
  if (!isKnown) return all(`${name} was replaced`, next)
  if (reach.below !== seen.rowsSeen) return all(`rows of ${name} were deleted`, next)
  if (reach.changed > 0n) return all(`old rows of ${name} were changed`, next)
  return { kind: 'from', watermark: seen.watermark, after: reach.after, next }
}

type Reach = {
  readonly watermark: bigint
  readonly rows: bigint
  /** Rows that this transaction has written itself. */
  readonly own: bigint
  /** Rows below the watermark that was seen. */
  readonly below: bigint
  readonly changed: bigint
  readonly after: number | undefined
}

/** What the catalog's list of files says, if it and the table agree; it costs the same however large the table is. */
async function countByFiles(
  session: Session,
  relation: Relation,
  seen: SeenState,
  baseSnapshot: number,
): Promise<Reach | undefined> {
  const files = await session.fileRows({
    uuid: seen.upstreamUuid,
    snapshot: baseSnapshot,
    since: seen,
  })
  if (files === undefined || files.rows - files.added !== seen.rowsSeen) return undefined
  const own = await countOwn(session, relationSql(relation), files.rows)
  if (own === undefined) return undefined
  const { watermark, rows } = files
  return { watermark, rows, own, below: seen.rowsSeen, changed: 0n, after: seen.snapshot }
}

/** Rows that this transaction has added; undefined when it has taken some away, or when `committed` is wrong. */
async function countOwn(
  session: Session,
  relation: string,
  committed: bigint,
): Promise<bigint | undefined> {
  const [row] = await session.query(
    `select (select count(*) from ${relation}) as total,
       (select count(*) from ${relation} where snapshot_id is null) as own`,
  )
  const own = toBigint(row?.['own'])
  return toBigint(row?.['total']) - own === committed ? own : undefined
}

/** One look at the row numbers, without reading any column. */
async function measure(
  session: Session,
  relation: Relation,
  seen: SeenState | undefined,
): Promise<Reach> {
  const watermark = seen?.watermark ?? 0n
  const isYounger = `(snapshot_id > ${seen?.snapshot ?? 0} or snapshot_id is null)`
  const [row] = await session.query(
    `select coalesce(max(rowid) + 1, 0) as watermark, count(*) as row_count,
       count(*) filter (where snapshot_id is null) as own,
       count(*) filter (where rowid < ${watermark}) as below,
       count(*) filter (where rowid < ${watermark} and ${isYounger}) as changed
     from ${relationSql(relation)}`,
  )
  return {
    watermark: toBigint(row?.['watermark']),
    rows: toBigint(row?.['row_count']),
    own: toBigint(row?.['own']),
    below: toBigint(row?.['below']),
    changed: toBigint(row?.['changed']),
    after: undefined,
  }
}

/** The last state of each upstream of a model; those that cannot be known any more are left out. */
export async function loadSeen(
  session: Session,
  catalog: string,
  model: ModelNode,
  relationOf: (id: string) => Relation | undefined,
): Promise<ReadonlyMap<string, SeenState>> {
  const rows = await session.query(
    `select upstream, upstream_uuid, watermark, rows_seen, base_snapshot, snapshot_id
     from ${opsRelation(catalog, 'model_state')} where model = ${quoteLiteral(model.id)}
     qualify row_number() over (partition by upstream order by snapshot_id desc) = 1`,
  )
  const seen = new Map<string, SeenState>()
  for (const row of rows) {
    const upstream = String(row['upstream'])
    const relation = relationOf(upstream)
    // One that the model has ceased to read is no longer written down, so its state says nothing about the model.
    if (relation === undefined || !model.newRowsOf.includes(upstream)) continue
    const written = Number(row['snapshot_id'])
    const modelUuid = await uuidAt(session, model.relation, written)
    const known = {
      modelUuid,
      upstreamUuid: String(row['upstream_uuid']),
      watermark: toBigint(row['watermark']),
      rowsSeen: toBigint(row['rows_seen']),
      snapshot: Number(row['base_snapshot']),
    }
    const state =
      row['upstream_uuid'] === null
        ? await lookUp(session, relation, { written, baseSnapshot: known.snapshot }, modelUuid)
        : known
    if (state !== undefined) seen.set(upstream, state)
  }
  return seen
}

/**
 * State that was left open: the upstream as it stood in the snapshot that the state was written in. Undefined, so that
 * the model is built in full, when that is forgotten, or when it holds what somebody else added just before.
 */
async function lookUp(
  session: Session,
  relation: Relation,
  { written, baseSnapshot }: { readonly written: number; readonly baseSnapshot: number },
  modelUuid: string | undefined,
): Promise<SeenState | undefined> {
  const upstreamUuid = await uuidAt(session, relation, written)
  if (upstreamUuid === undefined) return undefined
  const reachAt = (snapshot: number) => reachIn(session, relation, upstreamUuid, snapshot)
  if (
    written > baseSnapshot + 1 &&
    (await uuidAt(session, relation, baseSnapshot)) === upstreamUuid
  ) {
    const [read, before] = [await reachAt(baseSnapshot), await reachAt(written - 1)]
    const isSame = read?.rows === before?.rows && read?.watermark === before?.watermark
    if (read === undefined || !isSame) return undefined
  }
  const reach = await reachAt(written)
  if (reach === undefined) return undefined
  const { watermark, rows } = reach
  return { modelUuid, upstreamUuid, watermark, rowsSeen: rows, snapshot: written }
}

/** How far a table reached in a snapshot; undefined when that is forgotten: asking for it would end the transaction. */
async function reachIn(
  session: Session,
  relation: Relation,
  uuid: string,
  snapshot: number,
): Promise<Pick<UpstreamMark, 'watermark' | 'rows'> | undefined> {
  if (!(await session.hasSnapshot(snapshot))) return undefined
  const relationThen = `${relationSql(relation)} at (version => ${snapshot})`
  const files = await session.fileRows({ uuid, snapshot })
  // In an older state this transaction's own rows show too.
  if (files !== undefined && (await countOwn(session, relationThen, files.rows)) !== undefined) {
    return files
  }
  const [row] = await session.query(
    `select coalesce(max(rowid) + 1, 0) as watermark, count(*) as row_count
     from ${relationThen} where rowid < ${uncommittedRowid}`,
  )
  return { watermark: toBigint(row?.['watermark']), rows: toBigint(row?.['row_count']) }
}

async function uuidAt(
  session: Session,
  relation: Relation,
  snapshot: number,
): Promise<string | undefined> {
  const ids = await session.tableIds(snapshot)
  return ids?.get(keyOf(relation))
}

/** The row of `ops.model_state` that goes with a model's output. */
export function stateRow(
  model: string,
  upstream: string,
  mark: UpstreamMark | undefined,
  run: { readonly runId: string; readonly at: string; readonly baseSnapshot: number | undefined },
): SqlValue[] {
  const { runId, at, baseSnapshot } = run
  return [model, upstream, mark?.uuid, mark?.watermark, mark?.rows, baseSnapshot, runId, at]
}

export function keyOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}

function toBigint(value: unknown): bigint {
  return typeof value === 'bigint' ? value : BigInt(String(value ?? 0))
}
