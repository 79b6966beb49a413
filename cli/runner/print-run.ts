/** A run on stdout: lines as dbt prints them, or one JSON object a node. */
import type { NodeResult, RunEvent, RunResult } from '../../transform/index.ts'
import { openProgress } from '../progress.ts'

export interface RunPrinter {
  event(event: RunEvent): void
  finish(result: RunResult): void
}

/** @param format `json`, `quiet` for what failed and nothing else, or `text` */
export function openRunPrinter(format: string): RunPrinter {
  if (format === 'quiet') return quietPrinter()
  return format === 'json' ? jsonPrinter() : textPrinter()
}

const write = (line: string) => process.stdout.write(`${line}\n`)

function jsonPrinter(): RunPrinter {
  return {
    event(event) {
      if (event.kind !== 'finished') return
      const { result, index, total } = event
      write(JSON.stringify({ event: 'node.finished', index, total, ...toJson(result) }))
    },
    finish(result) {
      const { runId, command, outcome, snapshot, attempts, startedAt, elapsedMs } = result
      const counts = Object.fromEntries(countStatuses(result.results))
      write(
        JSON.stringify({
          event: 'run.finished',
          run_id: runId,
          command,
          outcome,
          snapshot: snapshot ?? null,
          attempts,
          started_at: startedAt,
          elapsed_ms: Math.round(elapsedMs),
          counts,
        }),
      )
    },
  }
}

function toJson(result: NodeResult) {
  const { relation } = result
  return {
    unique_id: result.id,
    name: result.name,
    resource_type: result.kind,
    status: result.status,
    materialized: result.materialized ?? null,
    relation: relation ? `${relation.catalog}.${relation.schema}.${relation.name}` : null,
    rows: result.rows ?? null,
    failures: result.failures ?? null,
    elapsed_ms: Math.round(result.elapsedMs),
    message: result.message ?? null,
    failing_rows: result.failingRows.slice(0, 5),
  }
}

function quietPrinter(): RunPrinter {
  const hasFailed = ({ status }: NodeResult) => status === 'error' || status === 'fail'
  return {
    event(event) {
      if (event.kind !== 'finished' || !hasFailed(event.result)) return
      write(resultLine(event.result, event.index, event.total))
    },
    finish(result) {
      for (const failed of result.results.filter(hasFailed)) {
        for (const line of failureLines(failed, result)) write(line)
      }
    },
  }
}

/** dbt pads its lines with dots to this width. */
const lineWidth = 80

function textPrinter(): RunPrinter {
  const progress = openProgress(process.stderr)
  let attempt = 1
  return {
    event(event) {
      switch (event.kind) {
        case 'attempt':
          attempt = event.attempt
          if (attempt > 1) progress.line('another writer committed in between; beginning again')
          break
        case 'started':
          progress.update(`${event.index} of ${event.total} ${event.node.name}`)
          break
        case 'finished':
          progress.clear()
          write(resultLine(event.result, event.index, event.total))
          break
        case 'retried':
          progress.line(`${event.node.name}: trying again, ${event.reason}`)
          break
        case 'ended':
          break
        default:
          event satisfies never
      }
    },
    finish(result) {
      progress.clear()
      for (const line of closingLines(result)) write(line)
    },
  }
}

function resultLine(result: NodeResult, index: number, total: number): string {
  const head = `${clockTime()}  ${index} of ${total} ${describeResult(result)} `
  const seconds = (result.elapsedMs / 1_000).toFixed(2)
  const note = result.status === 'skipped' ? 'SKIP' : `${verdict(result)} in ${seconds}s`
  return `${head}${'.'.repeat(Math.max(3, lineWidth - head.length))} [${note}]`
}

function describeResult({ kind, status, name, relation, materialized }: NodeResult): string {
  const place = relation === undefined ? name : `${relation.schema}.${relation.name}`
  if (status === 'skipped') {
    return kind === 'operation' ? `SKIP hook: ${hookName(name)}` : `SKIP ${kind} ${place}`
  }
  if (kind === 'test') return `${status.toUpperCase()} ${name}`
  if (kind === 'operation') return `${status === 'error' ? 'ERROR' : 'OK'} hook: ${hookName(name)}`
  if (kind === 'snapshot')
    return `${status === 'error' ? 'ERROR snapshotting' : 'OK snapshotted'} ${place}`
  const names: Readonly<Record<string, string>> = { seed: 'seed file', function: 'function' }
  const what = names[kind] ?? `sql ${materialized} model`
  if (status === 'error') return `ERROR creating ${what} ${place}`
  return `OK ${kind === 'seed' ? 'loaded' : 'created'} ${what} ${place}`
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

function closingLines(run: RunResult): string[] {
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

function failureLines(result: NodeResult, run: RunResult): string[] {
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

function countStatuses(results: readonly NodeResult[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { status } of results) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}

function clockTime(): string {
  return new Date().toISOString().slice(11, 19)
}
