/** One query: pinned to a snapshot, checked, run, and held as bytes until it is known how it ended. */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryValue } from '../../../core/clients/duckdb.ts'
import { currentSnapshot, snapshotTime } from '../../../core/clients/lake/snapshots.ts'
import { problem } from '../../../core/problems.ts'
import { quoteLiteral } from '../../../core/sql.ts'
import { isBlank, tokenizeSql } from '../../../core/sql-tokens.ts'
import { checkStatement } from '../check/check-statement.ts'
import type { QueryRequest } from '../protocol.ts'
import { rowSql, type TextFormat, textShape } from './encode-rows.ts'
import { columnsOf, createView, relationReader, visibleRelations } from './relations.ts'
import type { Sandbox } from './sandbox.ts'

export type Answer = {
  readonly snapshot: number
  readonly asOf: string
  readonly rows: number
  /** Rows or bytes were left out. */
  readonly truncated: boolean
  readonly parts: readonly Uint8Array[]
}

type Body = Pick<Answer, 'rows' | 'truncated' | 'parts'>

/**
 * Makes the function that runs one query after the other. All of a query is one transaction, which sees one snapshot
 * and is rolled back with the views it made.
 */
export function queryRunner(sandbox: Sandbox): (request: QueryRequest) => Promise<Answer> {
  const { connection, catalog, options } = sandbox
  const readRelations = relationReader(sandbox)
  return async (request) => {
    await connection.run('begin')
    try {
      const snapshot = await currentSnapshot(connection)
      const asOf = await snapshotTime(connection, catalog, snapshot)
      const relations = visibleRelations(await readRelations(snapshot), request.masks)
      const query = { ...request, sql: withoutSemicolon(request.sql) }
      const tree = JSON.parse(await parse(connection, query.sql))
      for (const relation of checkStatement(tree, { schemas: options.schemas, relations })) {
        await createView(connection, relation, request.masks)
      }
      return { snapshot, asOf, ...(await run(sandbox, query)) }
    } finally {
      await connection.run('rollback')
    }
  }
}

async function parse(connection: DuckDBConnection, sql: string): Promise<string> {
  const whole = 'skip_default := false, skip_empty := false, skip_null := false'
  const tree = await queryValue(connection, `select json_serialize_sql($sql::varchar, ${whole})`, {
    sql,
  })
  return String(tree)
}

/** The text up to its last word. This is what is checked, and it is what runs. */
function withoutSemicolon(sql: string): string {
  const last = tokenizeSql(sql).findLast((token) => !isBlank(token) && token.text !== ';')
  return last === undefined ? '' : sql.slice(0, last.start + last.text.length)
}

function run(sandbox: Sandbox, query: QueryRequest): Promise<Body> {
  return query.format === 'parquet'
    ? runToParquet(sandbox, query)
    : runToText(sandbox, query, query.format)
}

async function runToText(
  { connection, options }: Sandbox,
  { sql, parameters }: QueryRequest,
  format: TextFormat,
): Promise<Body> {
  const columns = format === 'csv' ? await columnsOf(connection, `(\n${sql}\n)`) : []
  const shape = textShape(format, columns)
  const parts: Buffer[] = [Buffer.from(shape.start)]
  let bytes = 0
  let rows = 0
  const finish = (truncated: boolean): Body => {
    parts.push(Buffer.from(shape.end))
    return { rows, truncated, parts }
  }
  const result = await connection.stream(rowSql(sql, format, options.maxBytes), { ...parameters })
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return finish(false)
    for (const value of chunk.getColumnValues(0)) {
      if (value === null) throw problem('api/sql-too-large', { what: 'answer' })
      if (rows === options.rowLimit) return finish(true)
      const part = Buffer.from(`${rows === 0 ? '' : shape.separator}${shape.row(String(value))}`)
      bytes += part.length
      if (bytes > options.maxBytes) return finish(true)
      parts.push(part)
      rows++
    }
  }
}

async function runToParquet(
  { connection, options }: Sandbox,
  request: QueryRequest,
): Promise<Body> {
  const file = join(options.scratch, 'answer.parquet')
  const { rowLimit, maxBytes } = options
  try {
    const from = `from (\n${request.sql}\n) limit ${rowLimit + 1}`
    await connection.run(`create temp table answer as select * ${from}`, {
      ...request.parameters,
    })
    const found = Number(await queryValue(connection, 'select count(*) from temp.answer'))
    await connection.run(
      `copy (from temp.answer limit ${rowLimit}) to ${quoteLiteral(file)} (format parquet, compression zstd)`,
    )
    if (statSync(file).size > maxBytes) throw problem('api/sql-too-large', { what: 'answer' })
    return {
      rows: Math.min(found, rowLimit),
      truncated: found > rowLimit,
      parts: [readFileSync(file)],
    }
  } finally {
    rmSync(file, { force: true })
  }
}
