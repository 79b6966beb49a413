/** What nodes read, other than what stands in the database: an earlier state, no rows, a sample of them. */
import type { Options } from 'yargs'
import { queryRows } from '../../core/clients/duckdb.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import { problem } from '../../core/problems.ts'
import type { Graph, Reading, Relation, TimeWindow } from '../../transform/index.ts'
import { loadState } from './load-state.ts'
import type { ProjectDatabase } from './project-database.ts'

export const readingOptions = {
  defer: {
    type: 'boolean',
    default: false,
    describe: 'Read what is not built here where the earlier state of --state has built it',
  },
  'defer-state': {
    type: 'string',
    describe: 'Folder of that state, when it is another one than --state',
    requiresArg: true,
  },
  'favor-state': {
    type: 'boolean',
    default: false,
    describe: 'With --defer: read there whatever is not selected, built here or not',
  },
  empty: {
    type: 'boolean',
    default: false,
    describe: 'Read no rows: only names and types are checked',
  },
  sample: {
    type: 'string',
    describe: `Read rows of a time only: '3 days', or '{start: 2024-01-01, end: 2024-02-01}'`,
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

export const eventTimeOptions = {
  'event-time-start': {
    type: 'string',
    describe:
      'First time that microbatch models build, as 2024-01-31 or 2024-01-31T12:00:00, in UTC',
    requiresArg: true,
  },
  'event-time-end': {
    type: 'string',
    describe: 'Time before which they stop; both belong together',
    requiresArg: true,
  },
} as const satisfies Record<string, Options>

export type ReadingArguments = {
  readonly state?: string | undefined
  readonly defer: boolean
  readonly deferState?: string | undefined
  readonly favorState: boolean
  readonly empty: boolean
  readonly sample?: string | undefined
}

type Opened = {
  readonly graph: Graph
  readonly config: Config
  readonly database: ProjectDatabase
  /** Ids that the command works on. */
  readonly selected: ReadonlySet<string>
  /** Whether the command builds them. */
  readonly builds: boolean
}

/** @throws `model/bad-sample`, `model/unreadable-state`, `cli/bad-arguments` for `--defer` without a state */
export async function readingOf(args: ReadingArguments, opened: Opened): Promise<Reading> {
  const { eventTimeColumn, isSampled, limitRef, parseSample } = await import(
    '../../transform/index.ts'
  )
  const { sample, empty } = args
  const window = sample === undefined ? undefined : parseSample(sample, systemClock.now())
  const deferred = args.defer ? { deferred: await deferredOf(args, opened) } : {}
  const { selected } = opened
  if (!empty && window === undefined) return { ...deferred, selected }
  const limit: Reading['limit'] = (printed, target, reader) =>
    limitRef(
      printed,
      { empty, window: isSampled(reader) ? window : undefined },
      eventTimeColumn(target),
    )
  return { ...deferred, selected, limit }
}

/**
 * What microbatch models build; a sample is such a time too.
 * @throws `model/bad-event-time`, `model/bad-sample`
 */
export async function eventTimesOf(
  args: Pick<ReadingArguments, 'sample'> & {
    readonly eventTimeStart?: string | undefined
    readonly eventTimeEnd?: string | undefined
  },
): Promise<TimeWindow | undefined> {
  const { parseEventTimes, parseSample } = await import('../../transform/index.ts')
  const { sample, eventTimeStart, eventTimeEnd } = args
  if (sample !== undefined) return parseSample(sample, systemClock.now())
  return parseEventTimes(eventTimeStart, eventTimeEnd)
}

async function deferredOf(args: ReadingArguments, opened: Opened) {
  const { graph, config, database, selected, builds } = opened
  const folder = args.deferState ?? args.state
  const missing = (reason: string) => problem('cli/bad-arguments', { reason, command: 'millrace' })
  if (folder === undefined) throw missing('--defer needs a state: name its folder with --state.')
  const { manifest } = await loadState(folder, config.projectDir, graph.targetPath)
  if (manifest === undefined) throw missing(`--defer needs a manifest.json in ${folder}.`)
  const { deferRelations } = await import('../../transform/index.ts')
  const exists = await knownRelations(database)
  return deferRelations(graph, {
    manifest,
    selected,
    builds,
    favorState: args.favorState,
    exists,
  })
}

/**
 * What stands in the database, asked once.
 * @param what `tables` leaves views out
 */
export async function knownRelations(
  database: ProjectDatabase,
  what: 'relations' | 'tables' = 'relations',
): Promise<(relation: Relation) => boolean> {
  const only = what === 'tables' ? "where table_type <> 'VIEW'" : ''
  const sql = `select lower(table_catalog || '.' || table_schema || '.' || table_name) as name
    from information_schema.tables ${only}`
  const rows = await database.read((connection) => queryRows(connection, sql))
  const names = new Set(rows.map(({ name }) => name))
  return ({ catalog, schema, name }) => names.has(`${catalog}.${schema}.${name}`.toLowerCase())
}
