/**
 * One connection for statements that take next to no time. It is given the next one before it has answered the last:
 * where a statement takes a tenth of a millisecond, waking a process up for each costs more than the statement. Whatever
 * fails or takes long there is run again as any other, on a connection of its own; so nobody waits long for another.
 */
import type { Client } from 'pg'
import { connectPipelined } from '../../core/clients/postgres.ts'
import { atMost } from './at-most.ts'
import { isCanceled } from './postgres-errors.ts'
import { sessionSql } from './session.ts'
import { type BatchOutcome, type BatchStatement, sendBatch } from './text-batch.ts'
import type { TextRow } from './text-query.ts'

/** What takes longer, on average and in milliseconds, is not quick. */
const quickMs = 2
/** PostgreSQL stops a statement in the lane after so many milliseconds. */
const limitMs = 25
/** Statements that stand in line, and the milliseconds they should take together; more is work for several connections. */
const maxInLine = 128
const maxLineMs = 20
/** A statement that has failed or taken long in the lane is run elsewhere so many times. */
const timeAway = 1000
/** Weight of the newest duration in the average. */
const weight = 0.1
const maxKnown = 1000

/** While PostgreSQL works on one batch the next ones are there already; those who come later make a larger one. */
const maxBatches = 4
/** Milliseconds that a batch should take: its first rows may come with its last. */
const maxBatchMs = 1

/** Milliseconds after which the lane itself is given up: even a line of slow ones is shorter. */
const lostMs = 1000
/** Between two tries to open it, in milliseconds. */
const retryMs = 5000
/** How long the end of the connection is waited for, in milliseconds: a server that stands still says nothing. */
const closeMs = 2000

type LaneStatement = Omit<BatchStatement, 'ended'>

export interface QuickLane {
  /** The rows; undefined when the statement is to be run elsewhere. Does not fail. */
  rows(statement: LaneStatement): Promise<TextRow[] | undefined>
  /** How long it took elsewhere, in milliseconds. */
  took(name: string, milliseconds: number): void
  /** Whether it has a connection, and how many statements are in it. */
  stats(): { readonly isOpen: boolean; readonly inLine: number }
  /** Ends when the statements in it have ended. */
  close(): Promise<void>
}

export type QuickLaneOptions = { readonly url: string; readonly schema: string }

type Known = { averageMs: number; away: number }

/** A statement in line. */
type Entry = {
  readonly record: Known
  /** As it was when the statement came. */
  readonly averageMs: number
  /** When it came, by `performance.now()`. */
  readonly begun: number
  readonly give: (rows: TextRow[]) => void
  readonly goElsewhere: () => void
}

/** One that is not sent yet. */
type Waiting = BatchStatement & { readonly averageMs: number }

export function openQuickLane({ url, schema }: QuickLaneOptions): QuickLane {
  const known = new Map<string, Known>()
  /** Sends those elsewhere who stand in line. */
  const sendElsewhere = new Set<() => void>()
  const waiting: Waiting[] = []
  /** Names of the statements that the connection knows. */
  const prepared = new Set<string>()
  /** That PostgreSQL has and is not done with. */
  let batches = 0
  let opening: Promise<Client | undefined> | undefined
  let client: Client | undefined
  let isClosed = false
  let inLine = 0
  let lineMs = 0
  let lastEnd = 0
  let nextTry = 0

  function openSometimes(): void {
    const now = performance.now()
    if (now < nextTry) return
    nextTry = now + retryMs
    opening = open()
  }

  /** Does not fail: without it, all goes the usual way. */
  async function open(): Promise<Client | undefined> {
    const made = await connectPipelined({ url, applicationName: 'millrace-api' }).catch(
      () => undefined,
    )
    if (made === undefined) return undefined
    made.once('end', () => {
      if (client === made) client = undefined
    })
    try {
      await made.query(`${sessionSql(schema)}; set statement_timeout = ${limitMs}`)
      prepared.clear()
      client = made
    } catch {
      made.end().catch(() => {})
    }
    return made
  }

  function recordOf(name: string): Known {
    let record = known.get(name)
    if (record === undefined) {
      if (known.size >= maxKnown) known.clear()
      record = { averageMs: Number.POSITIVE_INFINITY, away: 0 }
      known.set(name, record)
    }
    return record
  }

  function isAdmitted({ averageMs }: Known): boolean {
    if (isClosed || averageMs > quickMs || inLine >= maxInLine) return false
    return lineMs + averageMs <= maxLineMs
  }

  function sendAway(record: Known): void {
    record.averageMs = Number.POSITIVE_INFINITY
    record.away = timeAway
  }

  /** What has been sent already the server runs, for nobody. */
  function clearLine(): void {
    for (const go of sendElsewhere) go()
    for (const { ended } of waiting.splice(0)) ended('not run')
  }

  function learn(record: Known, begun: number): void {
    const end = performance.now()
    // Before the last one had ended, this one was only waiting.
    const own = end - Math.max(begun, lastEnd)
    lastEnd = end
    record.averageMs += (own - record.averageMs) * weight
    if (record.averageMs <= quickMs) return
    sendAway(record)
    clearLine()
  }

  function ended(entry: Entry, outcome: BatchOutcome): void {
    inLine--
    lineMs = inLine === 0 ? 0 : lineMs - entry.averageMs
    sendElsewhere.delete(entry.goElsewhere)
    if (outcome === 'not run') entry.goElsewhere()
    else if ('rows' in outcome) {
      // Once it has its rows, however long they took, it does not go elsewhere for them.
      learn(entry.record, entry.begun)
      entry.give(outcome.rows)
    } else {
      lastEnd = performance.now()
      sendAway(entry.record)
      if (isCanceled(outcome.error)) clearLine()
      entry.goElsewhere()
    }
  }

  function enter(statement: LaneStatement, record: Known): Promise<TextRow[] | undefined> {
    const { promise, resolve } = Promise.withResolvers<TextRow[] | undefined>()
    const { averageMs } = record
    const goElsewhere = () => resolve(undefined)
    const entry = { record, averageMs, begun: performance.now(), give: resolve, goElsewhere }
    inLine++
    lineMs += averageMs
    sendElsewhere.add(goElsewhere)
    waiting.push({ ...statement, averageMs, ended: (outcome) => ended(entry, outcome) })
    if (waiting.length === 1) setImmediate(sendWaiting)
    return promise
  }

  function sendWaiting(): void {
    while (waiting.length > 0 && batches < maxBatches) send(takeBatch(waiting))
  }

  function send(batch: readonly Waiting[]): void {
    if (client === undefined) {
      for (const one of batch) one.ended('not run')
      return
    }
    batches++
    void sendBatch(client, batch, { prepared, timeoutMs: lostMs }).then(() => {
      batches--
      sendWaiting()
    })
  }

  return {
    async rows(statement) {
      const record = recordOf(statement.name)
      if (!isAdmitted(record)) return undefined
      if (client !== undefined) return await enter(statement, record)
      openSometimes()
      return undefined
    },
    took(name, milliseconds) {
      const record = recordOf(name)
      if (record.away > 0) record.away--
      // A busy process measures too much, never too little.
      else record.averageMs = Math.min(record.averageMs, milliseconds)
    },
    stats: () => ({ isOpen: client !== undefined, inLine }),
    async close() {
      isClosed = true
      while (waiting.length > 0) send(takeBatch(waiting))
      const open = await opening
      if (open !== undefined)
        await atMost(
          closeMs,
          open.end().catch(() => {}),
        )
    },
  }
}

/** Takes out as many as PostgreSQL runs in a moment, at least one. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let total = waiting[0]?.averageMs ?? 0
  let count = 1
  for (; count < waiting.length; count++) {
    total += waiting[count]?.averageMs ?? 0
    if (total > maxBatchMs) break
  }
  return waiting.splice(0, count)
}
