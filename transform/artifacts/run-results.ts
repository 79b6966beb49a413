/** run_results.json v6: how each node of a run went. */
import type { Graph } from '../compile/graph.ts'
import type { NodeResult, Timing } from '../run/result.ts'
import { type JsonObject, orNull } from './json.ts'
import { artifactMetadata, type Invocation } from './metadata.ts'
import type { CompiledNode } from './node-details.ts'
import { relationNameOf } from './relation-name.ts'

/** How one node went. `NodeResult` of a run is one; what a run does not tell is optional. */
export type ReportedResult = Pick<NodeResult, 'id' | 'elapsedMs' | 'thread' | 'isRolledBack'> & {
  readonly status: NodeResult['status'] | 'partial success' | 'no-op' | 'runtime error'
  readonly message?: string | undefined
  readonly rows?: number | undefined
  readonly failures?: number | undefined
  readonly batches?: NodeResult['batches']
  readonly timing?: readonly Timing[]
  /** What the database answered; made of `rows` when it is not given. */
  readonly adapterResponse?: JsonObject
}

export type RunResultsInputs = {
  readonly invocation: Invocation
  /** Every option of the command, by dbt's name: `which`, `select`, `vars`, … */
  readonly args: JsonObject
  readonly elapsedMs: number
  readonly compiled?: ReadonlyMap<string, CompiledNode>
}

export function runResultsOf(
  results: readonly ReportedResult[],
  graph: Graph,
  inputs: RunResultsInputs,
): JsonObject {
  return {
    metadata: artifactMetadata('run-results', inputs.invocation),
    results: results.map((result) => resultJson(result, graph, inputs)),
    elapsed_time: inputs.elapsedMs / 1_000,
    args: inputs.args,
  }
}

function resultJson(result: ReportedResult, graph: Graph, inputs: RunResultsInputs): JsonObject {
  const { id, failures, elapsedMs, timing = [], thread = 'main' } = result
  const { status, message } = lastingOutcome(result)
  return {
    status,
    timing: timing.map(timingJson),
    thread_id: thread,
    execution_time: elapsedMs / 1_000,
    adapter_response: result.adapterResponse ?? answerJson(result),
    message: message ?? usualMessages.get(status) ?? null,
    failures: orNull(failures ?? (isCounted(result, graph) ? 0 : undefined)),
    unique_id: id,
    ...codeJson(id, graph, inputs),
    batch_results: batchesJson(result),
    overload_results: null,
  }
}

const usualMessages: ReadonlyMap<string, string> = new Map([
  ['success', 'OK'],
  ['no-op', 'NO-OP'],
])

/** Of what dbt says that nothing failed, though nothing was tested. */
function isCounted({ id, status }: ReportedResult, { nodes }: Graph): boolean {
  if (status === 'no-op' || status === 'skipped') return status === 'no-op'
  const node = nodes.get(id)
  const isIncremental = node?.kind === 'model' && node.materialized === 'incremental'
  return isIncremental && node.config['incremental_strategy'] === 'microbatch'
}

/** What went with the run is not there: to a reader, and to a retry, it was not done. */
function lastingOutcome({ status, message, isRolledBack }: ReportedResult) {
  if (isRolledBack !== true) return { status, message }
  return { status: 'skipped', message: `ended with ${status}, and was rolled back with the run` }
}

function timingJson({ name, startedAt, completedAt }: Timing): JsonObject {
  return { name, started_at: startedAt, completed_at: completedAt }
}

function answerJson({ id, status, rows, message, batches }: ReportedResult): JsonObject {
  if (status === 'error' || status === 'skipped' || status === 'no-op') return {}
  // As in dbt, which keeps nothing of a hook, and of batches only which they were.
  if (id.startsWith('operation.') || batches !== undefined) return {}
  // What a macro says of its statement: `CREATE 2`.
  const [said, code = 'INSERT'] = /^([A-Z]+) \d+$/.exec(message ?? '') ?? []
  if (rows === undefined) return { _message: said ?? 'OK' }
  return { _message: said ?? `INSERT ${rows}`, code, rows_affected: rows }
}

/** Batches of one run become visible together, so none of them fails alone. */
function batchesJson({ batches, isRolledBack }: ReportedResult): JsonObject | null {
  if (batches === undefined || isRolledBack === true) return null
  const iso = (instant: number) => new Date(instant).toISOString().replace('.000Z', '+00:00')
  return { successful: batches.map(({ start, end }) => [iso(start), iso(end)]), failed: [] }
}

/** What was sent to the database, of nodes that have code. */
function codeJson(id: string, graph: Graph, { compiled }: RunResultsInputs): JsonObject {
  const node = graph.nodes.get(id)
  const code = compiled?.get(id)?.code
  if (graph.unitTests.has(id)) {
    return { compiled: code !== undefined, compiled_code: orNull(code), relation_name: null }
  }
  if (node === undefined || node.kind === 'seed') {
    return { compiled: null, compiled_code: null, relation_name: null }
  }
  return {
    compiled: code !== undefined,
    compiled_code: orNull(code),
    relation_name: relationNameOf(node, graph),
  }
}
