import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { spillDirectory } from '../../../../core/clients/spill-directory.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const newParent = () => join(temporaryDirectory(), 'state', 'tmp')

it('gives each DuckDB a folder of its own, which is gone when it closes', async () => {
  const parent = newParent()
  const open = async () =>
    openDuckdb({
      extensionDirectory: '/none',
      memoryLimit: '40MB',
      threads: 1,
      tempDirectory: spillDirectory(parent),
    })
  const both = await Promise.all([open(), open()])
  for (const duckdb of both) {
    await duckdb.withConnection((connection) =>
      connection.run('create temp table t as select md5(range::varchar) as s from range(2500000)'),
    )
  }
  expect(readdirSync(parent)).toHaveLength(2)
  for (const duckdb of both) duckdb.close()
  expect(readdirSync(parent)).toEqual([])
})

it('removes what killed processes of this machine left, and nothing else', () => {
  const parent = newParent()
  const kept = ['duckdb-elsewhere-999999999-a', `duckdb-${hostname()}-${process.pid}-b`, 'landing']
  const dead = `duckdb-${hostname()}-999999999-c`
  for (const name of [...kept, dead]) {
    mkdirSync(join(parent, name), { recursive: true })
    writeFileSync(join(parent, name, 'duckdb_temp_storage_DEFAULT-0.tmp'), '')
  }
  const own = spillDirectory(parent)
  expect(readdirSync(parent).sort()).toEqual([...kept].sort())
  expect([existsSync(own), basename(own)]).toEqual([
    false,
    expect.stringMatching(`-${process.pid}-`),
  ])
})

it('leaves it to DuckDB to complain about a folder that cannot be made', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  expect(spillDirectory(join(file, 'tmp'))).toContain(join(file, 'tmp'))
})
