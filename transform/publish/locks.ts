/** Who may publish, and when tables may be exchanged without hurting a reader. */
import type { PoolClient } from 'pg'
import { DatabaseError } from 'pg'
import type { Clock } from '../../core/clock.ts'
import { problem } from '../../core/problems.ts'
import { quoteRelation } from '../../core/sql.ts'

export type Waiting = {
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** How long to wait in all, milliseconds. */
  readonly budgetMs: number
}

/**
 * One publish into a schema at a time; the lock ends with the connection, so a killed publisher frees it.
 * @throws `publish/busy`
 */
export async function lockSchema(
  client: PoolClient,
  schema: string,
  waiting: Waiting,
): Promise<void> {
  const started = waiting.clock.now()
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(hashtext('millrace.publish'), hashtext($1)) as locked`,
      [schema],
    )
    if (rows[0]?.locked === true) return
    const waitedMs = waiting.clock.now() - started
    if (waitedMs >= waiting.budgetMs) throw problem('publish/busy', { schema, waitedMs })
    await waiting.clock.sleep(100, waiting.signal)
  }
}

/**
 * Waits for every transaction that holds a snapshot now. One of a repeatable-read transaction, taken before the new
 * rows were committed, would find the exchanged table empty.
 * @returns who is still there when the budget is used up; none means that it is safe
 */
export async function waitForSnapshots(client: PoolClient, waiting: Waiting): Promise<string[]> {
  const started = waiting.clock.now()
  const first = await snapshotHolders(client)
  let left = first
  while (left.length > 0 && waiting.clock.now() - started < waiting.budgetMs) {
    await waiting.clock.sleep(20, waiting.signal)
    const now = new Set((await snapshotHolders(client)).map(({ transaction }) => transaction))
    left = left.filter(({ transaction }) => now.has(transaction))
  }
  return left.map(({ who }) => who)
}

async function snapshotHolders(
  client: PoolClient,
): Promise<{ readonly transaction: string; readonly who: string }[]> {
  const { rows } = await client.query<{ transaction: string; who: string }>(
    `select l.virtualxid as transaction,
       format('pid %s (%s, %s)', a.pid, coalesce(nullif(a.application_name, ''), a.usename, '?'),
         coalesce(a.state, 'unknown')) as who
     from pg_stat_activity a
     join pg_locks l on l.pid = a.pid and l.locktype = 'virtualxid' and l.granted
       and l.virtualtransaction = l.virtualxid
     where a.datname = current_database() and a.backend_type = 'client backend'
       and a.backend_xmin is not null and a.pid <> pg_backend_pid()`,
  )
  return rows
}

/**
 * Less than PostgreSQL's deadlock_timeout of 1 s, for all tables together: when a reader's transaction and we wait
 * for each other, it is we who give way, and the reader never sees an error.
 */
const lockAttemptMs = 500

/**
 * Locks tables against everybody, all or none, inside a transaction. Between attempts it lets go and pauses, so
 * that a reader who stays for long does not hold up all the others behind us.
 * @returns whether it succeeded within the budget
 */
export async function lockTables(
  client: PoolClient,
  schema: string,
  tables: readonly string[],
  waiting: Waiting,
): Promise<boolean> {
  if (tables.length === 0) return true
  const list = [...tables].sort().map((table) => quoteRelation(schema, table))
  const started = waiting.clock.now()
  for (;;) {
    if (await tryLock(client, `lock table ${list.join(', ')} in access exclusive mode`)) return true
    if (waiting.clock.now() - started >= waiting.budgetMs) return false
    await waiting.clock.sleep(100 + Math.random() * 200, waiting.signal)
  }
}

async function tryLock(client: PoolClient, statement: string): Promise<boolean> {
  await client.query('savepoint before_lock')
  await client.query(`set local statement_timeout = ${lockAttemptMs}`)
  try {
    await client.query(statement)
    await client.query('set local statement_timeout = 0')
    return true
  } catch (error) {
    if (!isLockFailure(error)) throw error
    await client.query('rollback to savepoint before_lock')
    return false
  }
}

/** Statement timeout, lock timeout, deadlock. */
function isLockFailure(error: unknown): boolean {
  return error instanceof DatabaseError && ['57014', '55P03', '40P01'].includes(error.code ?? '')
}

/** Who holds any of the tables, for a message. */
export async function tableHolders(
  client: PoolClient,
  schema: string,
  tables: readonly string[],
): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `select distinct format('pid %s (%s, %s)', a.pid,
       coalesce(nullif(a.application_name, ''), a.usename, '?'), coalesce(a.state, 'unknown')) as who
     from pg_locks l
     join pg_class c on c.oid = l.relation
     join pg_namespace n on n.oid = c.relnamespace
     join pg_stat_activity a on a.pid = l.pid
     where n.nspname = $1 and c.relname = any($2) and l.pid <> pg_backend_pid() and l.granted`,
    [schema, tables],
  )
  return rows.map(({ who }) => who).join('; ') || 'transactions that have ended by now'
}
