import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { duckdbAdapter, parseEventTimes } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  makeFolder,
  openFolderLake,
  runFolder,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'
import { type DatabaseState, readState } from './database-state.ts'
import { eventTimes, everywhere, failing, onlyPlain, steps } from './project-files.ts'
import { readRecordedSteps } from './recorded.ts'

const recorded = readRecordedSteps()
const window = parseEventTimes(eventTimes.start, eventTimes.end)

let folder: TestFolder
const home = process.cwd()

beforeEach(async () => {
  folder = await makeFolder()
  // Places of files are relative to the folder of the project, as in dbt.
  process.chdir(folder.path)
  await mkdir('out')
})
afterEach(async () => {
  process.chdir(home)
  await folder[Symbol.asyncDispose]()
})

const overrides = (step: number, fullRefresh: boolean) => ({
  vars: { step },
  fullRefresh,
  eventTimes: window,
})

/** A lake widens a type in place where it can, and makes the column anew as the last one where it cannot. */
function byName({ columns, rows }: DatabaseState['relations'][string]) {
  const sorted = rows.map((row) => JSON.stringify(Object.entries(JSON.parse(row)).sort()))
  return { columns: [...columns].sort(), rows: sorted.sort() }
}

describe('a project of every materialization', () => {
  it('gives the rows of dbt on plain DuckDB, step by step', async () => {
    await writeProject(folder.path, { ...everywhere, ...onlyPlain, ...failing })
    const path = join(folder.path, 'shop.duckdb')
    await using duckdb = await openDuckdb({ extensionDirectory, path })
    const adapter = duckdbAdapter(duckdb, 'shop', { keepsHistory: false })
    for (const [index, { step, fullRefresh }] of steps.entries()) {
      const { results } = await runFolder(folder.path, adapter, {
        ...overrides(step, fullRefresh),
        database: 'shop',
        publish: 'per-node',
      })
      const failed = results.filter(({ status }) => status !== 'success')
      const expected = recorded[index]
      // dbt's own way to change a type conflicts with itself when it commits.
      const dbtOnly = ['syncs']
      expect(failed.map(({ name }) => name).sort()).toEqual(
        expected?.failed.filter((name) => !dbtOnly.includes(name)),
      )
      const state = await duckdb.withConnection(readState)
      for (const [name, relation] of Object.entries(expected?.relations ?? {})) {
        if (expected?.failed.includes(name)) continue
        expect({ step, name, ...state.relations[name] }).toEqual({ step, name, ...relation })
      }
      expect(Object.keys(state.relations)).toEqual(Object.keys(expected?.relations ?? {}))
      expect(state.extras).toEqual(expected?.extras)
    }
  })

  it('gives the same rows on a lake, each step in one transaction', async () => {
    await writeProject(folder.path, everywhere)
    const lake = await openFolderLake(folder.path)
    for (const [index, { step, fullRefresh }] of steps.entries()) {
      const run = await runFolder(folder.path, lake, overrides(step, fullRefresh))
      const failed = run.results.filter(({ status }) => status !== 'success')
      expect(failed.map(({ name, message }) => `${name}: ${message}`)).toEqual([])
      expect(run.outcome).toBe('committed')
      const state = await lake.read(async (connection) => {
        await connection.run('use lake')
        return await readState(connection)
      })
      for (const [name, relation] of Object.entries(state.relations)) {
        const expected = recorded[index]?.relations[name]
        if (expected === undefined || recorded[index]?.failed.includes(name)) continue
        expect({ step, name, ...byName(relation) }).toEqual({ step, name, ...byName(expected) })
      }
      expect(state.extras).toEqual(
        recorded[index]?.extras.filter((extra) => extra.startsWith('comment')),
      )
    }
    lake.close()
  })
})
