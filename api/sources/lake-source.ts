/** The lake as endpoints see it: DuckDB in this process, read-only, each answer of one snapshot. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { currentSnapshot, snapshotTime } from '../../core/clients/lake/snapshots.ts'
import type { Lake } from '../../core/clients/lake.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import type { ParameterValue } from '../sql-endpoint/parse-value.ts'
import { type ColumnKind, duckdbKindOf } from './column-kind.ts'

type LakeQuery = {
  readonly text: string
  readonly values: readonly ParameterValue[]
  readonly timeoutMs: number
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
  /** @throws `api/timeout`, `api/overloaded`, `api/values-out-of-range`, `api/lake-unavailable` */
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
}

/** Names without a catalog are looked up in the lake, which `close()` closes. */
export function openLakeSource(options: LakeSourceOptions): LakeSource {
  const { lake, maxConnections = 4, maxWaiting = 50 } = options
  const free: DuckDBConnection[] = []
  const waiting: (() => void)[] = []
  let running = 0
  let looker: DuckDBConnection | undefined

  async function withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    if (running >= maxConnections) {
      if (waiting.length >= maxWaiting) throw problem('api/overloaded', {})
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    let connection: DuckDBConnection | undefined
    try {
      connection = free.pop() ?? (await connectTo(lake))
      await connection.run('begin')
      return await work(connection)
    } finally {
      if (connection !== undefined) await giveBack(connection)
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
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
    query: ({ text, values, timeoutMs }) =>
      withConnection(async (connection) => {
        let isLate = false
        const deadline = setTimeout(() => {
          isLate = true
          connection.interrupt()
        }, timeoutMs)
        try {
          const snapshot = await currentSnapshot(connection)
          const asOf = await snapshotTime(connection, lake.options.catalog, snapshot)
          // Text is cast to the declared type in SQL, so no digit is lost on the way.
          const bound = values.map((value) => (value === null ? null : String(value)))
          const reader = await connection.runAndReadAll(text, bound)
          const rows = reader.getRows().map(([json]) => String(json))
          return { rows, snapshot, asOf }
        } catch (cause) {
          if (isLate) throw problem('api/timeout', { timeoutMs }, { cause })
          throw explainLakeSourceError(cause)
        } finally {
          clearTimeout(deadline)
        }
      }),
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
