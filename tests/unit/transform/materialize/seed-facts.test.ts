import { expect, it } from 'vitest'
import { openDuckdb, queryValue } from '../../../../core/clients/duckdb.ts'
import { quoteLiteral } from '../../../../core/sql.ts'
import {
  confirmSql,
  factsOf,
  inferredType,
  isGuess,
  readFacts,
} from '../../../../transform/materialize/seed-facts.ts'

const columns: readonly (readonly [type: string, values: readonly (string | null)[]])[] = [
  ['integer', []],
  ['integer', [null, '', ' ', 'null', 'NULL']],
  ['integer', ['1', '-2', '+3', ' 4 ', '1_000', null]],
  ['text', ['1_', '1__0']],
  ['text', ['0x10', '1']],
  ['text', ['inf', 'nan', '1']],
  ['text', ['1e400']],
  ['double', ['1', '2.5', '.5', '1e-3']],
  ['integer', ['2.', '1e3']],
  ['bigint', ['2147483648', '1']],
  ['bigint', ['-9223372036854775808', '9007199254740993']],
  ['hugeint', ['9223372036854775808']],
  ['date', ['2024-01-01', '2024-2-3', '']],
  ['text', ['2024-02-30']],
  ['text', ['2024-01-01', '2024-01-01 10:00:00']],
  ['timestamp', ['2024-01-01 10:00:00', '2024-1-1 1:2:3']],
  ['timestamp', ['2024-01-01T10:00:00Z', '2024-01-01T10:00:00.5+02:00']],
  ['text', ['2024-01-01T25:00:00Z']],
  ['boolean', ['true', 'FALSE']],
  ['text', ['true', 'yes']],
]

it.each(columns)('finds %s for %j', async (type, values) => {
  const found = factsOf(values)
  if (!isGuess(found)) expect(inferredType(found)).toBe(type)
  // What was seen of all rows is confirmed by all rows.
  const list = values.map((value) => (value === null ? 'null' : quoteLiteral(value)))
  const rows = `select unnest([${list.join(', ')}]::varchar[]) as v`
  await using duckdb = await openDuckdb({ extensionDirectory: '' })
  await duckdb.withConnection(async (connection) => {
    const digits = await queryValue(connection, `select ${confirmSql('v', found)} from (${rows})`)
    expect(inferredType(readFacts(String(digits)))).toBe(type)
  })
})
