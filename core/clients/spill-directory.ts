/**
 * Where DuckDB spills. Each process needs a folder of its own: the names of the files are the same in all of them,
 * and two processes that spill into one folder read each other's pages and crash.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../lock-file.ts'

/**
 * A folder for this process, which DuckDB makes when it first spills and removes when it closes; those of this
 * machine's processes that were killed are removed now.
 * @param parent the folder that all processes share; made when it is missing
 */
export function spillDirectory(parent: string): string {
  const prefix = `duckdb-${hostname()}-`
  for (const name of namesIn(parent)) {
    if (!name.startsWith(prefix)) continue
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    if (!isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
  return join(parent, `${prefix}${process.pid}-${randomUUID().slice(0, 8)}`)
}

function namesIn(parent: string): readonly string[] {
  try {
    mkdirSync(parent, { recursive: true })
    return readdirSync(parent)
  } catch {
    return [] // most commands never spill; DuckDB says what is wrong when one has to
  }
}
