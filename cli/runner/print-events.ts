/** A run as the events of dbt 1, one JSON object a line, in the shape that orchestrators read. */

import { dbtVersion } from '../../core/dbt-version.ts'
import { quoteRelation } from '../../core/sql.ts'
import type { Graph, NodeResult, RunEvent, RunResult } from '../../transform/index.ts'
import {
  type CompiledPathOf,
  describeNode,
  failuresQuery,
  type RunPrinter,
  resultText,
  startText,
} from './run-lines.ts'
import { completedLine, doneLine, finishedLine, ranText, statsOf, tookText } from './stat-lines.ts'

export type EventPrinterInputs = {
  readonly graph: Graph
  readonly invocationId: string
  /** Debug events too: when a node begins, and its result in full. */
  readonly withDebug: boolean
  readonly threads: number
  readonly target: string
  readonly compiledPathOf: CompiledPathOf
  /** To which lines are padded with dots. */
  readonly width: number
}

type Level = 'debug' | 'info' | 'warn' | 'error'
type Data = Readonly<Record<string, unknown>>
type Node = Extract<RunEvent, { readonly kind: 'started' }>['node']
type Sent = { readonly level?: Level; readonly thread?: string | undefined }
type Send = (name: string, code: string, msg: string, data: Data, sent?: Sent) => void

export function eventPrinter(inputs: EventPrinterInputs): RunPrinter {
  const { graph, withDebug, threads, target, compiledPathOf, width } = inputs
  const started = new Map<string, string>()
  const nodeOf = (id: string): Node | undefined => {
    const node = graph.nodes.get(id) ?? graph.unitTests.get(id)
    return node?.kind === 'analysis' ? undefined : node
  }
  const send: Send = (name, code, msg, data, { level = 'info', thread = 'MainThread' } = {}) => {
    if (level === 'debug' && !withDebug) return
    const line = eventLine({ name, code, msg, level, thread }, data, inputs.invocationId)
    process.stdout.write(`${line}\n`)
  }
  const version = dbtVersion
  send('MainReportVersion', 'A001', `Running with dbt=${version}`, { version, log_version: 3 })
  let isOpen = false
  return {
    event(event) {
      if (event.kind === 'started') {
        const { node, index, total, thread } = event
        if (!isOpen) {
          const data = { num_threads: threads, target_name: target, node_count: total }
          const msg = `Concurrency: ${threads} threads (target='${target}')`
          send('ConcurrencyLine', 'Q027', msg, data)
        }
        isOpen = true
        started.set(node.id, instant())
        const info = nodeInfo(node, 'started', started.get(node.id))
        const debug = { level: 'debug', thread } as const
        send('NodeStart', 'Q024', `Began running node ${node.id}`, { node_info: info }, debug)
        const data = { description: describeNode(node), index, total, node_info: info }
        send('LogStartLine', 'Q011', startText(node, { index, total, width }), data, { thread })
      }
      if (event.kind === 'finished') {
        const node = nodeOf(event.result.id)
        if (node !== undefined) sendResult(send, node, { ...event, width }, started.get(node.id))
      }
    },
    finish(run) {
      sendEnd(send, run, compiledPathOf, nodeOf)
    },
  }
}

/** One event as its line of JSON. */
function eventLine(
  head: {
    readonly name: string
    readonly code: string
    readonly msg: string
    readonly level: Level
    readonly thread: string
  },
  data: Data,
  invocationId: string,
): string {
  const { name, code, msg, level, thread } = head
  const info = {
    category: '',
    code,
    extra: {},
    invocation_id: invocationId,
    level,
    msg,
    name,
    pid: process.pid,
    thread,
    ts: `${instant()}Z`,
  }
  return JSON.stringify({ data, info })
}

/** dbt's instants inside of `data` are UTC without saying so. */
function instant(): string {
  return new Date().toISOString().replace(/Z$/, '000')
}

function nodeInfo(node: Node, status: string, startedAt = '', finishedAt = '') {
  const relation = 'relation' in node ? node.relation : undefined
  const isKept = relation !== undefined && node.kind !== 'test' && node.kind !== 'operation'
  const name = isKept && quoteRelation(relation.catalog, relation.schema, relation.name)
  return {
    materialized: node.kind === 'model' ? node.materialized : node.kind,
    meta: node.meta,
    node_checksum: 'checksum' in node ? node.checksum : '',
    node_finished_at: finishedAt,
    node_name: node.name,
    node_path: node.path,
    node_relation: {
      alias: relation?.name ?? '',
      database: relation?.catalog ?? '',
      relation_name: name || '',
      schema: relation?.schema ?? '',
    },
    node_started_at: startedAt,
    node_status: status,
    resource_type: node.kind,
    unique_id: node.id,
  }
}

/** Name and code of the event that tells how a node of a kind went. */
const resultEvents: Readonly<Record<string, readonly [string, string]>> = {
  model: ['LogModelResult', 'Q012'],
  test: ['LogTestResult', 'Q007'],
  unit_test: ['LogTestResult', 'Q007'],
  snapshot: ['LogSnapshotResult', 'Q015'],
  seed: ['LogSeedResult', 'Q016'],
  operation: ['LogHookEndLine', 'Q033'],
  function: ['LogFunctionResult', 'Q047'],
}

type Finished = Extract<RunEvent, { readonly kind: 'finished' }> & { readonly width: number }

function sendResult(
  send: Send,
  node: Node,
  { result, index, total, width }: Finished,
  startedAt: string | undefined,
): void {
  const { status, thread, failures, elapsedMs } = result
  const node_info = nodeInfo(node, status, startedAt, instant())
  const text = resultText(result, { index, total, width })
  const place = { index, total, node_info }
  const level = { error: 'error', fail: 'error', warn: 'warn' }[String(status)] ?? 'info'
  const sent = { level: isLevel(level) ? level : 'info', thread } as const
  if (status === 'skipped') {
    const schema = node_info.node_relation.schema
    const data = { ...place, node_name: node.name, resource_type: node.kind, schema }
    send('SkippingDetails', 'Q034', text, data)
  } else {
    const [name, code] = resultEvents[node.kind] ?? ['LogModelResult', 'Q012']
    const isTest = node.kind === 'test' || node.kind === 'unit_test'
    const more = isTest
      ? { name: node.name, num_failures: failures ?? 0, num_models: total, status }
      : { description: describeNode(node), status: status === 'success' ? 'OK' : status }
    send(name, code, text, { ...place, execution_time: elapsedMs / 1_000, ...more }, sent)
  }
  const data = { node_info, run_result: runResult(result) }
  send('NodeFinished', 'Q025', `Finished running node ${node.id}`, data, {
    level: 'debug',
    thread,
  })
}

function isLevel(text: string): text is Level {
  return ['debug', 'info', 'warn', 'error'].includes(text)
}

function runResult({ status, message, failures, elapsedMs, thread, timing, rows }: NodeResult) {
  return {
    adapter_response: rows === undefined ? {} : { _message: `INSERT ${rows}`, rows_affected: rows },
    execution_time: elapsedMs / 1_000,
    message: message ?? '',
    num_failures: failures ?? 0,
    status,
    thread: thread ?? '',
    timing_info: (timing ?? []).map(({ name, startedAt, completedAt }) => ({
      name,
      started_at: startedAt,
      completed_at: completedAt,
    })),
  }
}

function sendEnd(
  send: Send,
  run: RunResult,
  compiledPathOf: CompiledPathOf,
  nodeOf: (id: string) => Node | undefined,
): void {
  const stats = statsOf(run)
  const seconds = run.elapsedMs / 1_000
  const [stat_line, execution] = [ranText(run), tookText(seconds)]
  const ran = { stat_line, execution, execution_time: seconds }
  send('FinishedRunningStats', 'E047', finishedLine(run), ran)
  const wasInterrupted = run.outcome === 'interrupted'
  send('EndOfRunSummary', 'Z030', completedLine(stats, wasInterrupted), {
    keyboard_interrupt: wasInterrupted,
    num_errors: stats.error,
    num_partial_success: 0,
    num_warnings: stats.warn,
  })
  const of = (...names: readonly string[]) =>
    run.results.filter(({ status }) => names.includes(status))
  for (const result of [...of('error', 'fail'), ...of('warn')]) {
    const node = nodeOf(result.id)
    sendFailure(send, result, { node, path: compiledPathOf(result.id), run })
  }
  send('StatsLine', 'Z023', doneLine(stats), { stats })
  const success = run.outcome === 'committed'
  const { command } = run
  send(
    'CommandCompleted',
    'Q039',
    `Command \`dbt ${command}\` ${success ? 'succeeded' : 'failed'}`,
    { command: `dbt ${command}`, completed_at: `${instant()}Z`, elapsed: seconds, success },
    { level: 'debug' },
  )
}

type Failed = {
  readonly node: Node | undefined
  readonly path: string | undefined
  readonly run: RunResult
}

/** Why a node failed or a test warns, as the lines that the text of a run has. */
function sendFailure(send: Send, result: NodeResult, { node, path, run }: Failed): void {
  const { id, kind, name, file, status, message = '' } = result
  const info = node && { node_info: nodeInfo(node, status) }
  const head = { resource_type: kind, node_name: name, path: file, ...info }
  const place = `in ${kind} ${name} (${file})`
  if (status === 'warn') {
    send('RunResultWarning', 'Z021', `[WARNING]: ${place}`, head, { level: 'warn' })
    const data = { msg: message, ...info }
    send('RunResultWarningMessage', 'Z046', `[WARNING]: ${message}`, data, { level: 'warn' })
  } else {
    send('RunResultFailure', 'Z022', `[ERROR]: ${place}`, head, { level: 'error' })
    const data = { msg: message, unique_id: id, run_result: runResult(result), ...info }
    send('RunResultError', 'Z024', `  ${message}`, data, { level: 'error' })
  }
  if (path !== undefined) {
    send('SQLCompiledPath', 'Z026', `  compiled code at ${path}`, { path, ...info })
  }
  const query = failuresQuery(result, run)
  if (query === undefined) return
  const rule = `  ${'-'.repeat(query.length)}`
  const text = `  See test failures:\n${rule}\n  ${query}\n${rule}`
  const relation_name = query.replace(/^select \* from /, '')
  send('CheckNodeTestFailure', 'Z027', text, { relation_name, ...info })
}
