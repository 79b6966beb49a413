import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { makeFolder } from '../../../support/project.ts'

it('a checkpoint takes the log into the file, and gives way to who is writing', async () => {
  await using folder = await makeFolder()
  const path = join(folder.path, 'a.duckdb')
  const logSize = () => statSync(`${path}.wal`, { throwIfNoEntry: false })?.size ?? 0
  await using duckdb = await openDuckdb({ path, extensionDirectory: folder.path })
  await duckdb.withConnection((connection) => connection.run('create table t as select 1 as id'))
  expect(logSize()).toBeGreaterThan(0)
  const writer = await duckdb.connect()
  await writer.run('begin')
  await writer.run('insert into t values (2)')
  await (await duckdb.beginCheckpoint()).ended
  await writer.run('commit')
  writer.closeSync()
  await (await duckdb.beginCheckpoint()).ended
  expect(logSize()).toBe(0)
})
