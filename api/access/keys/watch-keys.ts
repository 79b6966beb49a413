/**
 * Keeps the keys of one server up to date over one connection: read every few seconds and at each notice. While
 * PostgreSQL is away the keys that were known go on working.
 */
import pg from 'pg'
import { describePostgres } from '../../../core/clients/describe-postgres.ts'
import { explainConnectError } from '../../../core/clients/postgres.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Log } from '../../../core/log.ts'
import { sqlStateOf } from '../../sources/postgres-errors.ts'
import { type KeyRing, toKeyRing } from './key-ring.ts'
import { explainKeyError, keysChannel, readLiveKeys, writeLastUsed } from './key-table.ts'

export type KeyWatch = {
  /** The keys as they were last read. */
  readonly ring: () => KeyRing
  /** When that was; milliseconds since 1970. */
  readonly readAt: () => number
  /** Remembers that a key was used now; it is written later, with others. */
  readonly used: (prefix: string) => void
  /** Writes what is remembered and ends the connection. */
  readonly close: () => Promise<void>
}

export type KeyWatchOptions = {
  readonly url: string
  readonly refreshMs: number
  readonly log: Log
  readonly clock: Clock
}

const writeUsedEveryMs = 30_000
const answerWithinMs = 5000

/** Reads the keys, and again and again. @throws `api/keys-not-permitted`, or that PostgreSQL does not answer */
export async function watchKeys(options: KeyWatchOptions): Promise<KeyWatch> {
  const { url, refreshMs, log, clock } = options
  const stop = new AbortController()
  let wake = new AbortController()
  let client: pg.Client | undefined
  let ring: KeyRing = new Map()
  let readAt = Number.NEGATIVE_INFINITY
  let used = new Map<string, Date>()
  let mayWriteUsed = true
  let usedWrittenAt = clock.now()

  async function read(): Promise<void> {
    const open = client ?? (await connect(url, () => wake.abort()))
    client = open
    try {
      const began = clock.now()
      ring = toKeyRing(await readLiveKeys(open))
      readAt = began
      if (clock.now() - usedWrittenAt >= writeUsedEveryMs) await writeUsed(open)
    } catch (error) {
      client = undefined
      await open.end().catch(() => {})
      throw error
    }
  }

  async function writeUsed(open: pg.Client): Promise<void> {
    if (used.size === 0 || !mayWriteUsed) return
    const batch = used
    used = new Map()
    usedWrittenAt = clock.now()
    try {
      await writeLastUsed(open, batch)
    } catch (error) {
      // No right to write, or a server that only reads: whether a key was used is then not known, and that is all.
      const state = error instanceof Error ? sqlStateOf(error) : undefined
      if (state !== '42501' && state !== '25006') throw error
      mayWriteUsed = false
      log.warn({ event: 'access.last-used-not-written', err: error })
    }
  }

  async function keepReading(): Promise<void> {
    let wasAway = false
    while (!stop.signal.aborted) {
      const early = AbortSignal.any([stop.signal, wake.signal])
      await clock.sleep(refreshMs, early).catch(() => {})
      if (stop.signal.aborted) return
      // A notice that comes from here on may be of what this reading does not see.
      wake = new AbortController()
      try {
        await read()
        wasAway = false
      } catch (error) {
        if (!wasAway) log.warn({ event: 'access.keys-not-read', err: error })
        wasAway = true
      }
    }
  }

  try {
    await read()
  } catch (cause) {
    const explained = explainKeyError(cause)
    throw explained === cause ? explainConnectError(cause, describePostgres(url)) : explained
  }
  const reading = keepReading()
  return {
    ring: () => ring,
    readAt: () => readAt,
    used: (prefix) => {
      used.set(prefix, new Date(clock.now()))
    },
    close: async () => {
      stop.abort()
      await reading
      if (client === undefined) return
      await writeUsed(client).catch(() => {})
      await client.end().catch(() => {})
    },
  }
}

async function connect(url: string, onNotice: () => void): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'millrace-api-keys',
    connectionTimeoutMillis: answerWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
  })
  // A connection that breaks is noticed by the next reading.
  client.on('error', () => {})
  client.on('notification', onNotice)
  try {
    await client.connect()
    await client.query(`listen ${keysChannel}`)
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
}
