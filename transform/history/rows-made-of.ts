/** Which rows of a table were made of other SQL than the project has now, by what runs wrote down of each node. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows, type Row } from '../../core/clients/duckdb.ts'
import type { LastChange } from '../../core/clients/lake/last-changes.ts'
import type { LakeTable } from '../../core/clients/lake/snapshots.ts'
import { quoteLiteral } from '../../core/sql.ts'
import type { Logic, LogicOf } from '../changed/logic.ts'
import { withEphemerals } from '../changed/with-ephemerals.ts'
import type { Graph, GraphNode } from '../compile/graph.ts'
import { opsRelation } from '../run/history.ts'

/** A run that wrote a node. */
export type BuiltState = {
  readonly snapshot: number
  /** All rows were made anew; else some were added. Undefined where the run did not write it down. */
  readonly isWhole: boolean | undefined
  /** Undefined where the run did not write it down. */
  readonly logic: Logic | undefined
}

export type RowsInputs = {
  readonly graph: Graph
  readonly logicOf: LogicOf
  /** Ids of the nodes whose rows are meant. */
  readonly ids: readonly string[]
  /** The snapshot in which they are read. */
  readonly snapshot: number
  /** Of each node up to that snapshot, oldest first. */
  readonly states: ReadonlyMap<string, readonly BuiltState[]>
  /** Of each relation up to that snapshot. */
  readonly changes: ReadonlyMap<string, LastChange>
  /** The tables of that snapshot, and in which one each was made. */
  readonly tables: readonly LakeTable[]
}

export type RowsMadeOf = {
  /** Sentences: what was certainly made of other SQL. */
  readonly others: readonly string[]
  /** Sentences: what may have been. */
  readonly doubts: readonly string[]
  /** Whether a build keeps rows that are there, unless it is a full refresh. */
  readonly isIncremental: boolean
}

/**
 * Reads what `rowsMadeOf` takes as states; empty where no run was ever written down.
 * @param ids the nodes that are meant, and all that they read
 */
export async function loadBuiltStates(
  connection: DuckDBConnection,
  catalog: string,
  snapshot: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly BuiltState[]>> {
  const there = await queryRows(
    connection,
    `select table_name from duckdb_tables() where database_name = ${quoteLiteral(catalog)}
       and schema_name = 'ops' and table_name in ('node_runs', 'node_state')`,
  )
  if (there.length < 2) return new Map()
  const rows = await queryRows(
    connection,
    `with runs as (
       select *, snapshot_id from ${opsRelation(catalog, 'node_runs')}
       where status = 'success' and snapshot_id <= ${snapshot}
         and node_id in (${ids.map(quoteLiteral).join(', ')})
         -- In a lake of an earlier release nodes that went with their run are successes too.
         and run_id not in (
           select run_id from ${opsRelation(catalog, 'runs')} where outcome = 'rolled-back'
         )
     ),
     states as (select node_id, run_id, logic from ${opsRelation(catalog, 'node_state')})
     select runs.*, logic
     from runs left join states using (run_id, node_id) order by snapshot_id`,
  )
  const states = new Map(ids.map((id): [string, BuiltState[]] => [id, []]))
  for (const row of rows) {
    const logic = row['logic']
    states.get(String(row['node_id']))?.push({
      snapshot: Number(row['snapshot_id']),
      isWhole: isWholeRun(row),
      // As `nodeStateRow` wrote it.
      logic: logic === null || logic === undefined ? undefined : JSON.parse(String(logic)),
    })
  }
  return states
}

/** In a row of an earlier release only the message tells, and not that of every node. */
function isWholeRun({ is_whole: isWhole, message }: Row): boolean | undefined {
  if (typeof isWhole === 'boolean') return isWhole
  if (message === 'incremental') return false
  return /^(first build|full refresh)\b/.test(String(message)) ? true : undefined
}

/**
 * Judges the nodes and all that their rows came from. Rows of an incremental model are of every run since its last
 * full build, and so is what those runs read.
 */
export function rowsMadeOf(inputs: RowsInputs): RowsMadeOf {
  const { logicOf, inputsOf } = withEphemerals(inputs.graph, inputs.logicOf)
  const ranges = [...readRanges(inputs, inputsOf)]
  const verdicts = ranges.map(([node, range]) => ({
    name: node.name,
    ...judge(node, inputs, range, logicOf(node).logic),
  }))
  const unknown = verdicts.filter(({ kind }) => kind === 'unknown').map(({ name }) => name)
  const said = (kind: Verdict['kind']) =>
    verdicts.flatMap((each) => (each.kind === kind && each.reason ? [each.reason] : []))
  return {
    others: said('other'),
    doubts: [
      ...(unknown.length === 0 ? [] : [`no run wrote down how ${unknown.join(', ')} came about`]),
      ...said('doubt'),
    ],
    isIncremental: ranges.some(([node]) => isIncremental(node)),
  }
}

/** Every node that the rows came from, and when it was read for them. */
function readRanges(
  inputs: RowsInputs,
  inputsOf: (node: GraphNode) => readonly string[],
): ReadonlyMap<GraphNode, Range> {
  const { graph, ids, snapshot } = inputs
  const ranges = new Map<GraphNode, Range>()
  const visit = (id: string, read: Range): void => {
    const node = graph.nodes.get(id)
    if (node === undefined) return // a source
    const known = ranges.get(node) ?? { from: Number.POSITIVE_INFINITY, to: -1 }
    if (known.from <= read.from && known.to >= read.to) return
    const range = { from: Math.min(read.from, known.from), to: Math.max(read.to, known.to) }
    ranges.set(node, range)
    const used = usedStates(node, inputs, range)
    const [first, last] = [used[0], used.at(-1)]
    // A view is read through whenever it is read; a table keeps what its runs have read.
    const isThrough = isView(node) || first === undefined || last === undefined
    const further = isThrough ? range : { from: first.snapshot, to: last.snapshot }
    for (const input of inputsOf(node)) visit(input, further)
  }
  for (const id of ids) visit(id, { from: snapshot, to: snapshot })
  return ranges
}

/** Snapshots in which a node was read, both inclusive. */
type Range = { readonly from: number; readonly to: number }

type Verdict =
  | { readonly kind: 'same' | 'unknown'; readonly reason?: undefined }
  | { readonly kind: 'other' | 'doubt'; readonly reason: string }

function judge(node: GraphNode, inputs: RowsInputs, range: Range, now: Logic): Verdict {
  const used = usedStates(node, inputs, range)
  const [first, last] = [used[0], used.at(-1)]
  if (first === undefined || last === undefined) return { kind: 'unknown' }
  const changed = changeSince(node, inputs)
  if (changed === 'replaced') {
    return { kind: 'doubt', reason: `${node.name} was replaced by somebody else` }
  }
  if (last.logic !== undefined && last.logic.code !== now.code) {
    return { kind: 'other', reason: `${node.name} was built of other SQL than it has now` }
  }
  const isBeginKnown = !isIncremental(node) || (first.isWhole ?? node.kind === 'snapshot')
  const isKnown = used.every(({ logic }) => logic !== undefined)
  if (!isBeginKnown || !isKnown || first.snapshot > range.from) return { kind: 'unknown' }
  if (used.some(({ logic }) => logic?.code !== now.code)) {
    return { kind: 'other', reason: `${node.name} had other SQL when some of the rows were made` }
  }
  if (changed !== undefined) {
    const reason = `${node.name} was changed after its last run, by upkeep or somebody else`
    return { kind: 'doubt', reason }
  }
  // Hashes of a release and of all macros that a text may mean: they also change where rows do not.
  if (used.some(({ logic }) => logic?.macros !== now.macros)) {
    return { kind: 'doubt', reason: `a macro of ${node.name} has changed since` }
  }
  if (used.some(({ logic }) => logic?.values !== now.values)) {
    const reason = `a variable of ${node.name}, or the release of Millrace, has changed since`
    return { kind: 'doubt', reason }
  }
  return { kind: 'same' }
}

/** The runs that made the rows which were read, oldest first. */
function usedStates(node: GraphNode, { states }: RowsInputs, { from, to }: Range) {
  const upTo = (states.get(node.id) ?? []).filter(({ snapshot }) => snapshot <= to)
  let begin = Math.max(
    0,
    upTo.findLastIndex(({ snapshot }) => snapshot <= from),
  )
  while (isIncremental(node) && begin > 0 && upTo[begin]?.isWhole !== true) begin--
  return upTo.slice(begin)
}

/** Whether rows that a run has made are still there after the next one. */
function isIncremental(node: GraphNode): boolean {
  return node.kind === 'snapshot' || (node.kind === 'model' && node.materialized === 'incremental')
}

function isView(node: GraphNode): boolean {
  return node.kind === 'model' && node.materialized === 'view'
}

/** What has happened to a relation after the last run that wrote it. */
function changeSince(
  node: GraphNode,
  { states, changes, tables }: RowsInputs,
): 'replaced' | 'changed' | undefined {
  if (!('relation' in node) || node.relation === undefined) return undefined
  const { schema, name } = node.relation
  const key = (one: { readonly schema: string; readonly name: string }) =>
    `${one.schema}.${one.name}`.toLowerCase()
  const newest = states.get(node.id)?.at(-1)?.snapshot ?? 0
  const table = tables.find((one) => key(one) === key({ schema, name }))
  if (table !== undefined && table.createdIn > newest) return 'replaced'
  const changed = changes.get(key({ schema, name }))?.snapshot ?? 0
  return changed > newest ? 'changed' : undefined
}
