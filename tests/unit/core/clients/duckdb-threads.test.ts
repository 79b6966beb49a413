import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Duckdb, openDuckdb, queryValue } from '../../../../core/clients/duckdb.ts'

let directory: string
let duckdb: Duckdb

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-threads-'))
  duckdb = await openDuckdb({ extensionDirectory: directory, threads: 2 })
})

afterEach(() => {
  duckdb.close()
  rmSync(directory, { recursive: true })
})

const ofConnections = () =>
  duckdb
    .withConnection((connection) =>
      queryValue(connection, `select current_setting('external_threads')`),
    )
    .then(Number)

const run = (sql: string) =>
  duckdb.withConnection((connection) =>
    duckdb.threads.during(sql, () => queryValue(connection, sql)),
  )

const slow = 'select count(*) from range(100000000) numbers(n) where n % 7 = 1'

describe('threads of DuckDB', () => {
  it('rest until the end of what asked for it', async () => {
    const resting = await duckdb.threads.rest()
    expect(await ofConnections()).toBe(2)
    await run('select 1')
    expect(await ofConnections()).toBe(2)
    await resting[Symbol.asyncDispose]()
    expect(await ofConnections()).toBe(1)
  })

  it('rest again', async () => {
    for (let time = 1; time <= 2; time++) {
      await using _resting = await duckdb.threads.rest()
      expect(await ofConnections()).toBe(2)
    }
  })

  it('help a statement that takes long, while it is running', async () => {
    await using _resting = await duckdb.threads.rest()
    let isRunning = true
    const running = run(slow).finally(() => {
      isRunning = false
    })
    while (isRunning && (await ofConnections()) !== 1) await new Promise(setImmediate)
    expect(isRunning).toBe(true)
    await running
  })

  it('go on resting while every core has a statement of its own', async () => {
    await using _resting = await duckdb.threads.rest()
    const both = Promise.all([run(slow), run(slow)])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await ofConnections()).toBe(2)
    await both
  })

  it.each(['set threads = 1', 'SET GLOBAL Threads TO 1', 'pragma threads=1'])(
    'can be set to fewer: %s',
    async (sql) => {
      await using _resting = await duckdb.threads.rest()
      await run(sql)
      expect(await run(`select current_setting('threads')`)).toBe(1n)
    },
  )

  it('stay as they are with a configuration that is locked', async () => {
    await duckdb.withConnection(async (connection) => {
      await connection.run('set lock_configuration = true')
      await using _resting = await duckdb.threads.rest()
      expect(await queryValue(connection, `select current_setting('external_threads')`)).toBe(1n)
    })
  })

  it('stay as somebody has set them', async () => {
    await run('set external_threads = 2')
    {
      await using _resting = await duckdb.threads.rest()
    }
    expect(await ofConnections()).toBe(2)
  })
})
