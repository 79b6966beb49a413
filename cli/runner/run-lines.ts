/** What is said of a run in words: one line when a node begins, one when it has ended, and what is said at the end. */
import { quoteRelation } from '../../core/sql.ts'
import type { NodeResult, RunEvent, RunResult } from '../../transform/index.ts'
import { isPublished } from '../../transform/run/result.ts'
import { completedLine, doneLine, finishedLine, plural, statsOf } from './stat-lines.ts'

/** Where the events of a run go. */
export interface RunPrinter {
  event(event: RunEvent): void
  finish(result: RunResult): void
}

type Node = Extract<RunEvent, { readonly kind: 'started' }>['node']

type Place = {
  readonly index: number
  readonly total: number
  /** To which lines are padded with dots. */
  readonly width: number
}

/** dbt's line of a node that begins, without the time before it. */
export function startText(node: Node, { index, total, width }: Place): string {
  return padded(`${index} of ${total} START ${describeNode(node)}`, 'RUN', width)
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
export function resultText(result: NodeResult, { index, total, width }: Place): string {
  const seconds = (result.elapsedMs / 1_000).toFixed(2)
  const note = result.status === 'skipped' ? 'SKIP' : `${verdict(result)} in ${seconds}s`
  const line = padded(`${index} of ${total} ${describeResult(result)}`, note, width)
  return result.status === 'skipped' && result.message ? `${line} ${result.message}` : line
}

export function padded(text: string, note: string, width: number): string {
  // dbt counts the time that stands before it.
  return `${text} ${'.'.repeat(Math.max(3, width - text.length - 1))} [${note}]`
}

/** `15:04:05`, which begins every line of dbt. */
export function withTime(text: string): string {
  return `${new Date().toISOString().slice(11, 19)}  ${text}`
}

function describeResult(result: NodeResult): string {
  const { kind, status, name, relation, materialized } = result
  const place = relation === undefined ? name : `${relation.schema}.${relation.name}`
  if (status === 'skipped') {
    if (kind === 'operation') return `SKIP hook: ${hookName(name)}`
    if (kind === 'test' || kind === 'unit_test') return `SKIP ${kind} ${name}`
    return `SKIP ${kind === 'function' ? kind : 'relation'} ${place}`
  }
  if (kind === 'test') return `${verdict(result)} ${name}`
  if (kind === 'unit_test') return `${verdict(result)} ${unitTestName(result)}`
  if (kind === 'operation') return `${status === 'error' ? 'ERROR' : 'OK'} hook: ${hookName(name)}`
  if (kind === 'snapshot')
    return `${status === 'error' ? 'ERROR snapshotting' : 'OK snapshotted'} ${place}`
  const names: Readonly<Record<string, string>> = { seed: 'seed file', function: 'function' }
  const what = names[kind] ?? `sql ${materialized} model`
  if (status === 'error')
    return `ERROR ${kind === 'seed' ? 'loading' : 'creating'} ${what} ${place}`
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

function verdict({ kind, status, message, rows, failures }: NodeResult): string {
  switch (status) {
    case 'success':
      if (kind === 'seed') return message ?? `INSERT ${rows ?? 0}`
      return rows === undefined ? 'OK' : `OK ${plural(rows, 'row')}`
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

/** Where the SQL of a node was written to; undefined for what has none. */
export type CompiledPathOf = (id: string) => string | undefined

/** What is said when all nodes are done. */
export function closingLines(run: RunResult, compiledPathOf: CompiledPathOf): string[] {
  const stats = statsOf(run)
  const failed = run.results.filter(({ status }) => status === 'error' || status === 'fail')
  const warned = run.results.filter(({ status }) => status === 'warn')
  const seen = outcomeLine(run)
  return [
    '',
    finishedLine(run),
    '',
    completedLine(stats, run.outcome === 'interrupted'),
    '',
    ...[...failed, ...warned].flatMap((one) => [...failureLines(one, run, compiledPathOf), '']),
    ...(seen === undefined ? [] : [seen]),
    doneLine(stats),
  ]
}

/** Why a node failed, where its SQL is, and where the rows are that a test found. */
export function failureLines(
  result: NodeResult,
  run: RunResult,
  compiledPathOf: CompiledPathOf,
): string[] {
  const tag = result.status === 'warn' ? 'WARNING' : 'ERROR'
  const lines = [`[${tag}]: in ${result.kind} ${result.name} (${result.file})`]
  for (const line of (result.message ?? '').replace(/^\n+/, '').trimEnd().split('\n'))
    lines.push(`  ${line}`.trimEnd())
  for (const row of result.failingRows.slice(0, 3)) lines.push(`    ${row}`)
  const path = compiledPathOf(result.id)
  if (path !== undefined) lines.push('', `  compiled code at ${path}`)
  const query = failuresQuery(result, run)
  if (query === undefined) return lines
  const rule = `  ${'-'.repeat(query.length)}`
  return [...lines, '', '  See test failures:', rule, `  ${query}`, rule]
}

/** What reads the rows that a test found: those of `store_failures`, or the first ones, which a lake keeps. */
export function failuresQuery(
  { kept, failingRows, name }: NodeResult,
  { runId, snapshot }: Pick<RunResult, 'runId' | 'snapshot'>,
): string | undefined {
  if (kept !== undefined) {
    const { catalog, schema, name: table } = kept.relation
    return `select * from ${quoteRelation(catalog, schema, table)}`
  }
  if (failingRows.length <= 3 || snapshot === undefined) return undefined
  return `select * from lake.ops.test_failures where run_id = '${runId}' and name = '${name}'`
}

/** What readers see now, where that is not simply what was built. */
function outcomeLine({ outcome, publish, snapshot, results }: RunResult): string | undefined {
  if (outcome === 'committed') {
    const writes = results.some(({ kind }) => kind !== 'test')
    return writes && snapshot !== undefined ? `Readers see snapshot ${snapshot}.` : undefined
  }
  if (outcome === 'failed' && publish === 'atomic') {
    const ran = results.some(({ kind, status }) => kind !== 'operation' && status !== 'skipped')
    return `A hook failed: ${ran ? 'what was built is published' : 'nothing was run'}.`
  }
  if (publish === 'per-node') {
    return 'Each node was committed by itself, those that failed were not.'
  }
  if (isPublished({ results })) return 'What was built is published.'
  const seen = snapshot === undefined ? '' : `: readers still see snapshot ${snapshot}`
  return `Nothing was published${seen}.`
}

export function countStatuses(results: readonly NodeResult[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { status } of results) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}
