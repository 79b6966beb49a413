/**
 * The floor: the same SQL on one connection of DuckDB, and nothing else. Reads a JSON file of `FloorWork`. Bundled
 * before it is measured, as our own command line is.
 */
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

export type FloorWork = {
  /** A DuckDB file, or `:memory:`. */
  readonly database: string
  readonly settings: Readonly<Record<string, string>>
  /** Statements before all others, such as ATTACH. */
  readonly setup: readonly string[]
  readonly statements: readonly string[]
  readonly oneTransaction: boolean
}

const [file = ''] = process.argv.slice(2)
const work: FloorWork = JSON.parse(readFileSync(file, 'utf8'))
const instance = await DuckDBInstance.create(work.database, work.settings)
const connection = await instance.connect()
for (const statement of work.setup) await connection.run(statement)
if (work.oneTransaction) await connection.run('begin')
for (const statement of work.statements) await connection.run(statement)
if (work.oneTransaction) await connection.run('commit')
connection.closeSync()
instance.closeSync()
