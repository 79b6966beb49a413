/** Rows that DuckDB may have read too kindly: JSON.parse and a depth count have the last word on them. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { queryRows } from '../../core/clients/duckdb.ts'
import type { TopicSchema } from '../../core/contracts/user-activity.ts'
import { quoteIdent } from '../../core/sql.ts'
import { extraSql, maxDepth } from './parse-sql.ts'
import type { RecordBuffer } from './record-buffer.ts'

/** Sets `_reason` on marked rows that are no JSON by RFC 8259, or too deep; gives the others their `_extra`. */
export async function takeSecondLook(
  connection: DuckDBConnection,
  schema: TopicSchema,
  raw: string,
  table: string,
  records: RecordBuffer,
): Promise<void> {
  const name = quoteIdent(table)
  const marked = await queryRows(connection, `select _offset from ${name} where _second_look`)
  if (marked.length === 0) return
  const offsets = new Set(marked.map((row) => Number(row['_offset'])))
  for (let index = 0; index < records.count; index += 1) {
    const { offset, value } = records.at(index)
    if (value === null || !offsets.has(offset)) continue
    const reason = reasonOf(value.toString('utf8'))
    if (reason === undefined) continue
    const sql = `update ${name} set _reason = $reason where _offset = $offset`
    await connection.run(sql, { reason, offset: BigInt(offset) })
  }
  await connection.run(
    `update ${name} set _extra = nullif(${extraSql(schema, 'decode(w.v)')}, '{}')
      from ${quoteIdent(raw)} w where w.o = _offset and _second_look and _reason is null`,
  )
}

function reasonOf(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return 'invalid_json'
  }
  return depthOf(text) > maxDepth ? `too_deep: more than ${maxDepth} levels` : undefined
}

/** Levels of nesting in a valid JSON text. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth -= 1
  }
  return deepest
}
