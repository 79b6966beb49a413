/** The lake as endpoints see it: DuckDB in this process, read-only, each answer of one snapshot. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { currentSnapshot, snapshotTime } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { type ColumnKind, duckdbKindOf } from './column-kind.ts'
import { createExpectedWait } from './expected-wait.ts'
import type { Caller } from './running-statements.ts'

type LakeQuery = {
  readonly text: string
  readonly values: readonly ParameterValue[]
  readonly timeoutMs: number
  /** Whose leaving stops the query; undefined: it is for more than one, or for nobody in particular. */
  readonly caller?: Caller | undefined
}

type LakeAnswer = {
  /** The first column of every row. */
  readonly rows: readonly string[]
  readonly snapshot: number
  /** When the snapshot was committed, ISO 8601. */
  readonly asOf: string
}

type LakeColumn = {
  readonly name: string
  readonly kind: ColumnKind
  readonly type: string
}

export interface LakeSource {
  /** @throws `api/timeout`, `api/overloaded`, `api/caller-left`, `api/values-out-of-range`, `api/lake-unavailable` */
  query(query: LakeQuery): Promise<LakeAnswer>
  /** The columns of a query that is not run; errors are DuckDB's own. */
  describe(text: string, parameters: number): Promise<readonly LakeColumn[]>
  /** Looks which snapshot is the current one, out of turn. @throws when the catalog does not answer */
  check(): Promise<void>
  close(): void
}

export type LakeSourceOptions = {
  /** Attached read-only. */
  readonly lake: Lake
  /** Queries at a time. Default 4. */
  readonly maxConnections?: number
  /** Queries that may wait for their turn; the rest are refused at once. Default 50. */
  readonly maxWaiting?: number
  /** Who waits longer than so many milliseconds is refused, and who would, at once. Default 500. */
  readonly maxWaitMs?: number
}

/** An interrupt that comes between two statements is missed, so it is tried again after so many milliseconds. */
const againMs = 100

/** Names without a catalog are looked up in the lake, which `close()` closes. */
export function openLakeSource(options: LakeSourceOptions): LakeSource {
  const { lake, maxConnections = 4, maxWaiting = 50, maxWaitMs = 500 } = options
  const free: DuckDBConnection[] = []
  /** In the order they came. */
  const waiting = new Set<() => void>()
  const expected = createExpectedWait(maxConnections)
  let running = 0
  let looker: DuckDBConnection | undefined

  /** Waits in line; who leaves meanwhile, or waits too long, leaves the line. */
  async function takeTurn(caller: Caller | undefined): Promise<void> {
    if (running < maxConnections) {
      running++
      return
    }
    const isLate = expected.milliseconds(waiting.size) > maxWaitMs
    if (isLate || waiting.size >= maxWaiting) throw problem('api/overloaded', {})
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = (code: 'api/overloaded' | 'api/caller-left') => {
      waiting.delete(resolve)
      reject(problem(code, {}))
    }
    const left = () => leave('api/caller-left')
    const late = setTimeout(leave, maxWaitMs, 'api/overloaded')
    caller?.once('close', left)
    waiting.add(resolve)
    try {
      await promise
    } finally {
      clearTimeout(late)
      caller?.off('close', left)
    }
  }

  function passTurn(): void {
    const [next] = waiting
    if (next === undefined) {
      running--
      return
    }
    waiting.delete(next)
    next()
  }

  async function withConnection<T>(
    work: (connection: DuckDBConnection) => Promise<T>,
    caller?: Caller,
  ): Promise<T> {
    await takeTurn(caller)
    const start = performance.now()
    let connection: DuckDBConnection | undefined
    try {
      connection = free.pop() ?? (await connectTo(lake))
      await connection.run('begin')
      if (caller?.destroyed) throw problem('api/caller-left', {})
      return await work(connection)
    } finally {
      if (connection !== undefined) await giveBack(connection)
      expected.held(performance.now() - start)
      passTurn()
    }
  }

  async function giveBack(connection: DuckDBConnection): Promise<void> {
    try {
      await connection.run('rollback')
      free.push(connection)
    } catch {
      connection.closeSync()
    }
  }

  return {
    query: ({ text, values, timeoutMs, caller }) =>
      withConnection(async (connection) => {
        const interrupts = interrupter(connection)
        let isLate = false
        const deadline = setTimeout(() => {
          isLate = true
          interrupts.begin()
        }, timeoutMs)
        caller?.once('close', interrupts.begin)
        try {
          const snapshot = await currentSnapshot(connection)
          const asOf = await snapshotTime(connection, lake.options.catalog, snapshot)
          // Text is cast to the declared type in SQL, so no digit is lost on the way.
          const bound = values.map((value) => (value === null ? null : String(value)))
          const reader = await connection.runAndReadAll(text, bound)
          const rows = reader.getRows().map(([json]) => String(json))
          return { rows, snapshot, asOf }
        } catch (cause) {
          if (caller?.destroyed) throw problem('api/caller-left', {})
          if (isLate) throw problem('api/timeout', { timeoutMs }, { cause })
          throw explainLakeSourceError(cause)
        } finally {
          clearTimeout(deadline)
          caller?.off('close', interrupts.begin)
          interrupts.end()
        }
      }, caller),
    describe: (text, parameters) =>
      withConnection(async (connection) => {
        const reader = await connection.runAndReadAll(
          `describe select * from (\n${text}\n)`,
          Array.from({ length: parameters }, () => null),
        )
        return reader.getRows().map(([name, type]) => ({
          name: String(name),
          type: String(type),
          kind: duckdbKindOf(String(type)),
        }))
      }),
    check: async () => {
      looker ??= await connectTo(lake)
      await currentSnapshot(looker)
    },
    close: () => {
      looker?.closeSync()
      for (const connection of free) connection.closeSync()
      lake.close()
    },
  }
}

/** Interrupts a connection until what runs there has ended. */
function interrupter(connection: DuckDBConnection) {
  let again: NodeJS.Timeout | undefined
  return {
    begin: () => {
      connection.interrupt()
      again ??= setInterval(() => connection.interrupt(), againMs)
    },
    end: () => clearInterval(again),
  }
}

async function connectTo(lake: Lake): Promise<DuckDBConnection> {
  const connection = await lake.connect()
  await connection.run('use lake')
  return connection
}

function explainLakeSourceError(cause: unknown): unknown {
  const message = messageOf(cause)
  if (/^(Conversion|Out of Range) Error/.test(message)) {
    return problem('api/values-out-of-range', {}, { cause })
  }
  if (/^(IO|HTTP|Connection) Error|unable to connect|could not connect/i.test(message)) {
    return problem('api/lake-unavailable', {}, { cause })
  }
  return cause
}
