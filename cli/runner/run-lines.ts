/** What is said of a run in words: one line when a node begins, one when it has ended, and what is said at the end. */
import type { NodeResult, RunEvent, RunResult } from '../../transform/index.ts'

/** Where the events of a run go. */
export interface RunPrinter {
  event(event: RunEvent): void
  finish(result: RunResult): void
}

/** dbt pads its lines with dots to this width. */
const lineWidth = 80

type Node = Extract<RunEvent, { readonly kind: 'started' }>['node']

/** dbt's line of a node that begins, without the time before it. */
export function startText(node: Node, index: number, total: number): string {
  return padded(`${index} of ${total} START ${describeNode(node)}`, 'RUN')
}

/** What a node is, in dbt's words: `sql table model main.orders`. */
export function describeNode(node: Node): string {
  const place = 'relation' in node ? `${node.relation.schema}.${node.relation.name}` : node.name
  switch (node.kind) {
    case 'model':
      return `${node.language} ${node.materialized} model ${place}`
    case 'seed':
      return `seed file ${place}`
    case 'test':
      return `test ${node.name}`
    case 'unit_test':
      return `unit_test ${unitTestName(node)}`
    case 'operation':
      return `hook: ${hookName(node.name)}`
    case 'snapshot':
    case 'function':
      return `${node.kind} ${place}`
    default:
      return node satisfies never
  }
}

/** The line of a node that has ended; one that was left out says why. */
export function resultText(result: NodeResult, index: number, total: number): string {
  const seconds = (result.elapsedMs / 1_000).toFixed(2)
  const note = result.status === 'skipped' ? 'SKIP' : `${verdict(result)} in ${seconds}s`
  const line = padded(`${index} of ${total} ${describeResult(result)}`, note)
  return result.status === 'skipped' && result.message ? `${line} ${result.message}` : line
}

function padded(text: string, note: string): string {
  // dbt counts the time that stands before it.
  return `${text} ${'.'.repeat(Math.max(3, lineWidth - text.length - 1))} [${note}]`
}

/** `15:04:05`, which begins every line of dbt. */
export function withTime(text: string): string {
  return `${new Date().toISOString().slice(11, 19)}  ${text}`
}

function describeResult(result: NodeResult): string {
  const { kind, status, name, relation, materialized } = result
  const place = relation === undefined ? name : `${relation.schema}.${relation.name}`
  if (status === 'skipped') {
    return kind === 'operation' ? `SKIP hook: ${hookName(name)}` : `SKIP ${kind} ${place}`
  }
  if (kind === 'test') return `${status.toUpperCase()} ${name}`
  if (kind === 'unit_test') return `${status.toUpperCase()} ${unitTestName(result)}`
  if (kind === 'operation') return `${status === 'error' ? 'ERROR' : 'OK'} hook: ${hookName(name)}`
  if (kind === 'snapshot')
    return `${status === 'error' ? 'ERROR snapshotting' : 'OK snapshotted'} ${place}`
  const names: Readonly<Record<string, string>> = { seed: 'seed file', function: 'function' }
  const what = names[kind] ?? `sql ${materialized} model`
  if (status === 'error') return `ERROR creating ${what} ${place}`
  return `OK ${kind === 'seed' ? 'loaded' : 'created'} ${what} ${place}`
}

/** `orders::counts_orders`: the model and the test, as in dbt's lines. */
function unitTestName({ id, name }: { readonly id: string; readonly name: string }): string {
  return `${id.split('.')[2]}::${name}`
}

/** `shop-on-run-end-0` as dbt's lines call it. */
function hookName(name: string): string {
  return name.replace(/-(on-run-start|on-run-end)-(\d+)$/, '.$1.$2')
}

function verdict({ status, rows, failures }: NodeResult): string {
  switch (status) {
    case 'success':
      return rows === undefined ? 'OK' : `OK ${rows} rows`
    case 'pass':
      return 'PASS'
    case 'warn':
    case 'fail':
      return `${status.toUpperCase()} ${failures ?? ''}`.trim()
    case 'error':
    case 'skipped':
      return status.toUpperCase()
    default:
      return status satisfies never
  }
}

export function closingLines(run: RunResult): string[] {
  const counts = countStatuses(run.results)
  const of = (...statuses: readonly string[]) =>
    statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0)
  const failed = run.results.filter(({ status }) => ['error', 'fail', 'warn'].includes(status))
  const seconds = (run.elapsedMs / 1_000).toFixed(2)
  return [
    '',
    ...failed.flatMap((result) => failureLines(result, run)),
    outcomeLine(run, seconds),
    `Done. PASS=${of('success', 'pass')} WARN=${of('warn')} ERROR=${of('error', 'fail')} SKIP=${of('skipped')} TOTAL=${run.results.length}`,
  ]
}

export function failureLines(result: NodeResult, run: RunResult): string[] {
  const title = { error: 'Error', fail: 'Failure', warn: 'Warning' }[String(result.status)] ?? ''
  const lines = [`${title} in ${result.kind} ${result.name} (${result.file})`]
  for (const line of (result.message ?? '').split('\n')) lines.push(`  ${line}`)
  for (const row of result.failingRows.slice(0, 3)) lines.push(`    ${row}`)
  if (result.failingRows.length > 3 && run.snapshot !== undefined) {
    lines.push(
      `    … all that were kept: select * from lake.ops.test_failures where run_id = '${run.runId}' and name = '${result.name}'`,
    )
  }
  return [...lines, '']
}

function outcomeLine({ outcome, publish, snapshot, results }: RunResult, seconds: string): string {
  if (outcome === 'committed') {
    const writes = results.some(({ kind }) => kind !== 'test')
    const seen = writes && snapshot !== undefined ? `: readers see snapshot ${snapshot}` : ''
    return `Completed successfully in ${seconds} s${seen}.`
  }
  const why = outcome === 'interrupted' ? 'Interrupted' : 'Completed with errors'
  if (outcome === 'failed' && publish === 'atomic') {
    const ran = results.some(({ kind, status }) => kind !== 'operation' && status !== 'skipped')
    const nodes = ran ? 'what was built is published' : 'nothing was run'
    return `${why} after ${seconds} s: a hook failed, ${nodes}.`
  }
  if (publish === 'per-node') {
    return `${why} after ${seconds} s: each node was committed by itself, those that failed were not.`
  }
  const seen = snapshot === undefined ? '' : `, readers still see snapshot ${snapshot}`
  return `${why} after ${seconds} s: nothing was published${seen}.`
}

export function countStatuses(results: readonly NodeResult[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { status } of results) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}
