/** This repository's own models, built on a lake of a test. */
import { createHash, randomUUID } from 'node:crypto'
import type { Lake } from '../../core/clients/lake.ts'
import { systemClock } from '../../core/clock.ts'
import {
  deadLetterColumns,
  lineageColumns,
  userActivitySchema,
} from '../../core/contracts/user-activity.ts'
import { quoteIdent } from '../../core/sql.ts'
import {
  type Compiled,
  compileProject,
  ducklakeAdapter,
  loadProject,
  planRun,
  type RunResult,
  runPlan,
} from '../../transform/index.ts'

const repository = new URL('../..', import.meta.url).pathname

/** The sources as the registrar makes them, empty. */
export async function createSources(lake: Lake): Promise<void> {
  const columns = (list: readonly { readonly name: string; readonly type: string }[]) =>
    list.map(({ name, type }) => `${quoteIdent(name)} ${type}`).join(', ')
  await lake.transaction(async (transaction) => {
    await transaction.run('create schema lake.raw')
    await transaction.run('create schema if not exists lake.ops')
    const raw = columns([...userActivitySchema.columns, ...lineageColumns])
    await transaction.run(`create table lake.raw.user_activity_logs (${raw})`)
    await transaction.run(`create table lake.ops.dead_letters (${columns(deadLetterColumns)})`)
  })
}

export type RawEvent = {
  readonly user_id: number
  readonly action: string
  /** ISO 8601; the same is taken for Kafka's time unless `kafka` is given. */
  readonly at: string
  readonly kafka?: string
  /** When it was written to the bucket; default: now. */
  readonly landed?: string
  readonly event_id?: string
  readonly session_id?: string
  readonly product_id?: number
  readonly details?: unknown
}

/** Lands events, in the order given. */
export async function landEvents(lake: Lake, events: readonly RawEvent[]): Promise<void> {
  const json = JSON.stringify(events.map((event) => ({ ...event, kafka: event.kafka ?? event.at })))
  await lake.transaction(async (transaction) => {
    await transaction.run(
      `insert into lake.raw.user_activity_logs
         (user_id, action, timestamp, event_id, session_id, product_id, details,
          _topic, _partition, _offset, _kafka_timestamp, _landed_at)
       select (e ->> 'user_id')::bigint, e ->> 'action', (e ->> 'at')::timestamptz, e ->> 'event_id',
         e ->> 'session_id', (e ->> 'product_id')::bigint, e -> 'details',
         'user_activity_logs', 0, row_number() over () - 1, (e ->> 'kafka')::timestamptz,
         coalesce((e ->> 'landed')::timestamptz, now())
       from (select unnest(from_json($events::json, '["json"]')) as e)`,
      { events: json },
    )
  })
}

export async function compileRepository(
  vars: Readonly<Record<string, unknown>> = {},
): Promise<Compiled> {
  return await compileProject(await loadProject(repository), {
    target: { name: 'test', database: 'lake', schema: 'main', type: 'duckdb', threads: 1 },
    vars,
    environment: {},
    md5: (text) => createHash('md5').update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    startedAt: new Date().toISOString(),
    invocationId: randomUUID(),
    fullRefresh: false,
  })
}

/** `millrace build`, or with nodes `millrace build --select <nodes> --exclude resource_type:test`. */
export async function buildRepository(
  lake: Lake,
  { graph, renderer }: Compiled,
  fullRefresh = false,
  select: readonly string[] = [],
): Promise<RunResult> {
  const exclude = select.length === 0 ? [] : ['resource_type:test']
  const plan = planRun(graph, { command: 'build', select, exclude, fullRefresh })
  const runId = randomUUID()
  const adapter = ducklakeAdapter(lake)
  return await runPlan(plan, { graph, renderer, adapter, clock: systemClock, runId })
}
