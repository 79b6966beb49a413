/** Every statement that is sent to the database, as logs/query_log.sql keeps it: SQL that can be run again. */
import { performance } from 'node:perf_hooks'
import { messageOf } from '../../core/errors.ts'
import { withoutPasswords } from '../../core/redact.ts'
import type { Adapter, Session } from '../../transform/index.ts'

export type SentStatement = {
  readonly sql: string
  /** Id of the node it was sent for, when there is one. */
  readonly node: string | undefined
  /** Whether a template asked, or the runner. */
  readonly by: 'runner' | 'template'
  readonly at: string
  readonly elapsedMs: number
  /** DuckDB's message when it failed. */
  readonly error: string | undefined
}

type Watch = { readonly onStatement: (statement: SentStatement) => void }

/** The same adapter, telling of each statement. */
export function watchedAdapter(adapter: Adapter, watch: Watch): Adapter {
  return {
    ...adapter,
    transaction: (work, options) =>
      adapter.transaction((session) => work(watchedSession(session, watch)), options),
    connect: async () => {
      const session = await adapter.connect()
      return {
        ...watchedSession(session, watch),
        begin: () => session.begin(),
        commit: (options) => session.commit(options),
        rollback: () => session.rollback(),
        close: () => session.close(),
      }
    },
    snapshot: () => adapter.snapshot(),
    isConflict: (error) => adapter.isConflict(error),
    explain: (error) => adapter.explain(error),
  }
}

function watchedSession(
  session: Session,
  watch: Watch,
  wrap?: Parameters<Session['for']>[1],
): Session {
  const sent = async <T>(by: SentStatement['by'], sql: string, work: () => Promise<T>) => {
    const at = new Date().toISOString()
    const started = performance.now()
    const { node } = session
    const tell = (error: string | undefined) =>
      watch.onStatement({ sql, node, by, at, elapsedMs: performance.now() - started, error })
    try {
      const result = await work()
      tell(undefined)
      return result
    } catch (error) {
      tell(withoutPasswords(messageOf(error)))
      throw error
    }
  }
  const database: Session['database'] = {
    ...session.database,
    query: (sql) => sent('template', sql, () => session.database.query(sql)),
  }
  return {
    node: session.node,
    for: (node, wrap) => watchedSession(session.for(node), watch, wrap),
    database: wrap?.(database) ?? database,
    execute: (sql) => sent('runner', sql, () => session.execute(sql)),
    query: (sql) => sent('runner', sql, () => session.query(sql)),
    isLost: () => session.isLost(),
    interrupt: () => session.interrupt(),
    progress: () => session.progress(),
    snapshot: () => session.snapshot(),
    hasSnapshot: (snapshot) => session.hasSnapshot(snapshot),
    fileRows: (request) => session.fileRows(request),
    tableIds: (snapshot) => session.tableIds(snapshot),
    standing: (catalogs) => session.standing(catalogs),
    kindOf: (relation) => session.kindOf(relation),
    kindBefore: (relation) => session.kindBefore(relation),
    columnsIn: (catalog, schema) => session.columnsIn(catalog, schema),
    lastChanges: (snapshot) => session.lastChanges(snapshot),
  }
}

/** One statement with what is known of it, as comments above it. */
export function queryLogText({ sql, node, at, elapsedMs, error }: SentStatement): string {
  const lines = [
    `-- created_at: ${at}`,
    `-- node_id: ${node ?? 'not available'}`,
    `-- elapsed: ${Math.round(elapsedMs)}ms`,
    `-- outcome: ${error === undefined ? 'success' : 'error'}`,
    ...(error === undefined ? [] : error.split('\n').map((line) => `-- error: ${line}`)),
  ]
  return `${lines.join('\n')}\n${sql.trim().replace(/;$/, '')};\n\n`
}
