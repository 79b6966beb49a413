/** Statements at work: one for which nobody waits any more is stopped. */
import type { PoolClient } from 'pg'
import { openPostgres } from '../../core/clients/postgres.ts'
import { atMost } from './at-most.ts'

/** Who waits for an answer: Node's response to him. */
export type Caller = {
  /** He has left, or has his answer. */
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

export interface RunningStatements {
  /** Learns which process of the server a connection has; without it nothing there is stopped. */
  introduce(client: PoolClient): Promise<void>
  /** From now on the connection works for the caller, whose leaving stops what runs there. */
  hold(client: PoolClient, caller: Caller | undefined): Held
  /** Stops all; what does not end in two seconds loses its connection. */
  close(): Promise<void>
}

type Held = {
  /** Gives the connection back, once no cancel can reach what runs there next. @param lost it is of no further use */
  release(lost: Error | undefined): Promise<void>
}

/** The number of a process may be that of another later on. */
type Session = { readonly process: string; readonly begun: string }

const begun = 'extract(epoch from backend_start)::text'
const ownSession = `select pid::text as process, ${begun} as begun from pg_stat_activity where pid = pg_backend_pid()`
const cancelSession = `select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and ${begun} = $2`

/** A statement that was only on its way is missed, so it is tried again after so many milliseconds. */
const againMs = 100
const answerMs = 2000

type Entry = { readonly over: Promise<void>; readonly stop: () => void; readonly drop: () => void }

/** Its own connection is made when the first statement has to be stopped. */
export function trackStatements(url: string): RunningStatements {
  const pool = openPostgres({ url, maxConnections: 1, applicationName: 'millrace-api-cancel' })
  const sessions = new WeakMap<PoolClient, Session>()
  const entries = new Set<Entry>()
  let isClosing = false

  /** When it has answered, the process has the signal, and takes it before it reads another statement. */
  async function cancel(client: PoolClient): Promise<void> {
    const session = sessions.get(client)
    if (session === undefined) return
    const values = [session.process, session.begun]
    await pool.query({ text: cancelSession, values, ...{ query_timeout: answerMs } })
  }

  function hold(client: PoolClient, caller: Caller | undefined): Held {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    let isOver = false
    let isDropped = false
    let stopping: Promise<unknown> | undefined
    /** @returns why it is not known whether a cancel is still under way */
    const cancelUntilOver = async () => {
      try {
        while (!isOver) {
          await cancel(client)
          if (!isOver) await atMost(againMs, over)
        }
        return undefined
      } catch (error) {
        return error
      }
    }
    const stop = () => {
      stopping ??= cancelUntilOver()
    }
    const drop = () => {
      isDropped = true
      client.release(true)
    }
    const entry = { over, stop, drop }
    entries.add(entry)
    caller?.once('close', stop)
    if (isClosing) stop()
    return {
      async release(lost) {
        isOver = true
        end()
        caller?.off('close', stop)
        const doubt = stopping === undefined ? undefined : await stopping
        entries.delete(entry)
        if (!isDropped) client.release(lost ?? doubt !== undefined)
      },
    }
  }

  return {
    async introduce(client) {
      const { rows } = await client.query<Session>({
        text: ownSession,
        ...{ query_timeout: answerMs },
      })
      if (rows[0] !== undefined) sessions.set(client, rows[0])
    },
    hold,
    async close() {
      isClosing = true
      const all = [...entries]
      for (const { stop } of all) stop()
      await atMost(answerMs, Promise.all(all.map(({ over }) => over)))
      for (const { drop } of entries) drop()
      if (!pool.ending) await pool.end()
    },
  }
}
