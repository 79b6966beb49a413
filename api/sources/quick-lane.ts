/**
 * One connection for statements that take next to no time. It is given the next one before it has answered the last:
 * where a statement takes a tenth of a millisecond, waking a process up for each costs more than the statement. Whatever
 * fails or takes long there is run again as any other, on a connection of its own; so nobody waits long for another.
 * Calls of one statement that come together are one statement there.
 */
import type { Client } from 'pg'
import { connectPipelined } from '../../core/clients/postgres.ts'
import { atMost } from './at-most.ts'
import { combinedText, combinedValues, rowsByCall } from './combined-statement.ts'
import {
  areTogether,
  type LaneRecord,
  learnDuration,
  learnFailure,
  learnPace,
  newLaneRecord,
  quickMs,
  sendAway,
} from './lane-record.ts'
import { isCanceled } from './postgres-errors.ts'
import { sessionSql } from './session.ts'
import { type BatchOutcome, type BatchStatement, sendBatch } from './text-batch.ts'
import type { TextRow } from './text-query.ts'

/** PostgreSQL stops a statement in the lane after so many milliseconds. */
const limitMs = 25
/** Statements that stand in line, and the milliseconds they should take together; more is work for several connections. */
const maxInLine = 128
const maxLineMs = 20
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

type LaneStatement = Omit<BatchStatement, 'ended'> & {
  /** Calls of it that come at the same time may become one statement. */
  readonly isCombinable: boolean
}

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

/** A statement in line. */
type Entry = {
  readonly record: LaneRecord
  /** As it was when the statement came. */
  readonly averageMs: number
  /** When it came, by `performance.now()`. */
  readonly begun: number
  readonly give: (rows: TextRow[]) => void
  readonly goElsewhere: () => void
}

/** One that is not sent yet. */
type Waiting = LaneStatement & { readonly entry: Entry }

export function openQuickLane({ url, schema }: QuickLaneOptions): QuickLane {
  const known = new Map<string, LaneRecord>()
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
  let lastBatchEnd = 0
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

  function recordOf(name: string): LaneRecord {
    let record = known.get(name)
    if (record === undefined) {
      if (known.size >= maxKnown) known.clear()
      record = newLaneRecord()
      known.set(name, record)
    }
    return record
  }

  function isAdmitted({ averageMs }: LaneRecord): boolean {
    if (isClosed || averageMs > quickMs || inLine >= maxInLine) return false
    return lineMs + averageMs <= maxLineMs
  }

  /** What has been sent already the server runs, for nobody. */
  function clearLine(): void {
    for (const go of sendElsewhere) go()
    for (const { entry } of waiting.splice(0)) leave(entry).goElsewhere()
  }

  function leave(entry: Entry): Entry {
    inLine--
    lineMs = inLine === 0 ? 0 : lineMs - entry.averageMs
    sendElsewhere.delete(entry.goElsewhere)
    return entry
  }

  /** Takes in how long calls took that have ended now; those behind them are sent elsewhere when that is long. */
  function learn({ record, begun }: Entry, calls: number): void {
    const end = performance.now()
    // Before the last one had ended, these were only waiting.
    const isQuick = learnDuration(record, (end - Math.max(begun, lastEnd)) / calls, calls)
    lastEnd = end
    if (!isQuick) giveWay(record)
  }

  function giveWay(record: LaneRecord): void {
    sendAway(record)
    clearLine()
  }

  function endAlone(entry: Entry, outcome: BatchOutcome): void {
    leave(entry)
    if (outcome === 'not run') entry.goElsewhere()
    else if ('rows' in outcome) {
      // Once it has its rows, however long they took, it does not go elsewhere for them.
      learn(entry, 1)
      entry.give(outcome.rows)
    } else {
      lastEnd = performance.now()
      sendAway(entry.record)
      if (isCanceled(outcome.error)) clearLine()
      entry.goElsewhere()
    }
  }

  function endTogether(entries: readonly [Entry, ...Entry[]], outcome: BatchOutcome): void {
    for (const entry of entries) leave(entry)
    const [first] = entries
    if (outcome !== 'not run' && 'rows' in outcome) {
      learn(first, entries.length)
      const rows = rowsByCall(outcome.rows, entries.length)
      for (const [at, entry] of entries.entries()) entry.give(rows[at] ?? [])
      return
    }
    if (outcome !== 'not run') {
      lastEnd = performance.now()
      if (isCanceled(outcome.error)) giveWay(first.record)
      // One of them fails by itself, too, or they cannot be put as one.
      else learnFailure(first.record)
    }
    for (const entry of entries) entry.goElsewhere()
  }

  function enter(statement: LaneStatement, record: LaneRecord): Promise<TextRow[] | undefined> {
    const { promise, resolve } = Promise.withResolvers<TextRow[] | undefined>()
    const { averageMs } = record
    const goElsewhere = () => resolve(undefined)
    const entry = { record, averageMs, begun: performance.now(), give: resolve, goElsewhere }
    inLine++
    lineMs += averageMs
    sendElsewhere.add(goElsewhere)
    waiting.push({ ...statement, entry })
    if (waiting.length === 1) setImmediate(sendWaiting)
    return promise
  }

  function sendWaiting(): void {
    while (waiting.length > 0 && batches < maxBatches) send(takeBatch(waiting))
  }

  /** Calls of one statement, as one where that is worth it. */
  function statementsOf(calls: readonly Waiting[]): BatchStatement[] {
    const [first, ...others] = calls
    if (first === undefined) return []
    const { name, text, values, entry } = first
    const { record } = entry
    const areCombinable = calls.every(({ isCombinable }) => isCombinable)
    const isOne = areCombinable && areTogether(record, calls.length)
    if (isOne && record.combined === undefined) {
      record.combined = combinedText(text, values.length) ?? null
    }
    if (!isOne || typeof record.combined !== 'string') {
      return calls.map((call) => ({ ...call, ended: (outcome) => endAlone(call.entry, outcome) }))
    }
    const entries = [entry, ...others.map((call) => call.entry)] as const
    return [
      {
        name: `${name}_together`,
        text: record.combined,
        values: combinedValues(calls.map((call) => call.values)),
        ended: (outcome) => endTogether([...entries], outcome),
      },
    ]
  }

  function send(batch: readonly Waiting[]): void {
    if (client === undefined) {
      for (const { entry } of batch) leave(entry).goElsewhere()
      return
    }
    batches++
    const groups = [...Map.groupBy(batch, ({ name }) => name).values()]
    const parts = groups.map(statementsOf)
    void sendBatch(client, parts.flat(), { prepared, timeoutMs: lostMs }).then((isDone) => {
      batches--
      const end = performance.now()
      const own = (end - Math.max(batch[0]?.entry.begun ?? 0, lastBatchEnd)) / batch.length
      for (const [at, calls] of groups.entries()) {
        const [first] = calls
        if (first === undefined || calls.length === 1 || !isDone) continue
        learnPace(first.entry.record, parts[at]?.length === 1, own)
      }
      lastBatchEnd = end
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
  let total = waiting[0]?.entry.averageMs ?? 0
  let count = 1
  for (; count < waiting.length; count++) {
    total += waiting[count]?.entry.averageMs ?? 0
    if (total > maxBatchMs) break
  }
  return waiting.splice(0, count)
}
