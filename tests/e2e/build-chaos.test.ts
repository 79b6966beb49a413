import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import type { LakeOptions } from '../../core/clients/lake/attach.ts'
import type { Lake } from '../../core/clients/lake.ts'
import type { PublishMode } from '../../transform/index.ts'
import { openWatched, runBuildChaos } from '../support/build-chaos/chaos.ts'
import {
  crookedVersions,
  expectedRows,
  expectedVersions,
  foundVersions,
  loggedGenerations,
} from '../support/build-chaos/truth.ts'
import { makeFolder } from '../support/project.ts'

// The defaults are few, to prove the mechanism on every push. 200 kills on each lake take about half an hour a lake on
// two idle cores:
//   BUILD_KILLS=200 vitest run --project e2e tests/e2e/build-chaos.test.ts -t SQLite        (or -t S3, or -t 'one by one')

/** CHAOS_SEED repeats what lands and when it is killed; the interleaving is the machine's. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** Kills on each lake. */
const kills = Number(process.env['BUILD_KILLS'] ?? 8)

/** On a busy machine a kill takes up to half a minute, with the two builds that go with it. */
const timeout = 300_000 + kills * 30_000

/** Kills builds on a lake, and compares what is left with what was landed. */
async function expectWhole(
  name: string,
  options: {
    readonly folder: string
    readonly lake: LakeOptions
    readonly publish: PublishMode
    readonly kills: number
  },
): Promise<Lake> {
  process.stderr.write(`${name}: chaos seed ${seed}\n`)
  const begunMs = Date.now()
  const lake = await openWatched(options.lake)
  const onLine = (line: string) => process.stderr.write(`${name}: ${line}\n`)
  const result = await runBuildChaos(lake, { ...options, seed, onLine })
  const { increments, rebuilt, ...figures } = result
  const seconds = Math.round((Date.now() - begunMs) / 1_000)
  process.stderr.write(`${name}: ${JSON.stringify(figures)} in ${seconds} s\n`)
  expect(result.violations).toEqual([])
  expect(result.wrongEnds).toEqual([])
  expect(result.kills).toBe(options.kills)
  expect(result.looks).toBeGreaterThan(options.kills)
  expect(increments).toEqual(await expectedRows(lake))
  expect(rebuilt).toEqual(increments)
  expect(await crookedVersions(lake)).toEqual([])
  return lake
}

async function expectHistory(lake: Lake): Promise<void> {
  const versions = expectedVersions(await loggedGenerations(lake))
  expect(await foundVersions(lake)).toEqual(versions)
}

const sqliteLake = (folder: string): LakeOptions => ({
  catalog: { kind: 'sqlite', path: join(folder, 'lake.sqlite') },
  dataPath: `${join(folder, 'data')}/`,
})

/** A catalog and a prefix of its own in the services that all tests share. */
function servedLake(): LakeOptions {
  const { catalogUrl, s3 } = inject('services')
  const name = `build_chaos_${process.pid}`
  return {
    catalog: { kind: 'postgres', url: catalogUrl, schema: name },
    dataPath: `s3://${s3.bucket}/${name}/`,
    s3,
  }
}

describe('builds that are killed at random moments', { timeout }, () => {
  it('leave the state before or after on SQLite and files, and lose and double nothing', async () => {
    await using folder = await makeFolder()
    await using lake = await expectWhole('SQLite', {
      folder: folder.path,
      lake: sqliteLake(folder.path),
      publish: 'atomic',
      kills,
    })
    await expectHistory(lake)
  })

  it('leave the state before or after on PostgreSQL and S3, and lose and double nothing', async () => {
    await using folder = await makeFolder()
    await using lake = await expectWhole('PostgreSQL', {
      folder: folder.path,
      lake: servedLake(),
      publish: 'atomic',
      kills,
    })
    await expectHistory(lake)
  })

  it('leave each node as before or after where nodes are published one by one', async () => {
    await using folder = await makeFolder()
    await using _ = await expectWhole('per node', {
      folder: folder.path,
      lake: sqliteLake(folder.path),
      publish: 'per-node',
      kills: Math.ceil(kills / 2),
    })
  })
})
