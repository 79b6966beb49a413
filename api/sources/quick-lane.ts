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
import { queryTextInLine, type TextRow, type TextStatement } from './text-query.ts'

/** What takes longer, on average and in milliseconds, is not quick. */
const quickMs = 2
/** PostgreSQL stops a statement in the lane after so many milliseconds. */
const limitMs = 25
/** Statements that stand in line, and the milliseconds they should take together; more is work for several connections. */
const maxInLine = 32
const maxLineMs = 20
/** A statement that has failed or taken long in the lane is run elsewhere so many times. */
const timeAway = 1000
/** Weight of the newest duration in the average. */
const weight = 0.1
const maxKnown = 1000

/** Milliseconds after which the lane itself is given up: even a line of slow ones is shorter. */
const lostMs = 1000
/** Between two tries to open it, in milliseconds. */
const retryMs = 5000
/** How long the end of the connection is waited for, in milliseconds: a server that stands still says nothing. */
const closeMs = 2000

type LaneStatement = Omit<TextStatement, 'query_timeout'>

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

export function openQuickLane({ url, schema }: QuickLaneOptions): QuickLane {
  const known = new Map<string, Known>()
  /** Sends those elsewhere who stand in line. */
  const sendElsewhere = new Set<() => void>()
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

  /** What stands in line has been sent already: the server runs it, for nobody. */
  function clearLine(): void {
    for (const go of sendElsewhere) go()
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

  async function ask(
    open: Client,
    statement: LaneStatement,
    record: Known,
    go: () => void,
  ): Promise<TextRow[] | undefined> {
    const { averageMs } = record
    const begun = performance.now()
    inLine++
    lineMs += averageMs
    try {
      // Once it has its rows, however long they took, it does not go elsewhere for them.
      const found = await queryTextInLine(open, { ...statement, query_timeout: lostMs }).finally(
        () => sendElsewhere.delete(go),
      )
      learn(record, begun)
      return found
    } catch (error) {
      lastEnd = performance.now()
      sendAway(record)
      if (isCanceled(error)) clearLine()
      return undefined
    } finally {
      inLine--
      lineMs = inLine === 0 ? 0 : lineMs - averageMs
    }
  }

  return {
    async rows(statement) {
      const record = recordOf(statement.name)
      if (!isAdmitted(record)) return undefined
      if (client === undefined) {
        openSometimes()
        return undefined
      }
      const { promise, resolve } = Promise.withResolvers<TextRow[] | undefined>()
      const go = () => resolve(undefined)
      sendElsewhere.add(go)
      void ask(client, statement, record, go).then(resolve)
      return await promise
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
      const open = await opening
      if (open !== undefined)
        await atMost(
          closeMs,
          open.end().catch(() => {}),
        )
    },
  }
}
