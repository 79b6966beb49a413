import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { LakeOptions } from '../../core/clients/lake/attach.ts'
import type { S3Options } from '../../core/clients/s3.ts'
import {
  type Instance,
  killService,
  startInstance,
  startService,
  stopInstance,
} from '../../local/instance.ts'
import type { PublishMode } from '../../transform/index.ts'
import { openWatched } from '../support/build-chaos/chaos.ts'
import { chaosProject, markerOf } from '../support/build-chaos/project.ts'
import { lookAt } from '../support/build-chaos/reader.ts'
import { Runner } from '../support/build-chaos/runner.ts'
import {
  crookedVersions,
  expectedRows,
  expectedVersions,
  foundVersions,
  incrementalRows,
  loggedGenerations,
} from '../support/build-chaos/truth.ts'
import { randomOf } from '../support/chaos/plan.ts'
import { type CliResult, type RunningCli, startCli } from '../support/cli.ts'
import { startOptions } from '../support/instance.ts'
import { makeFolder, queryLake, writeProject } from '../support/project.ts'

// The defaults are few, to prove the mechanism on every push. The full counts, with this file alone:
//   BUILD_OUTAGE_MS=20000 BUILD_RACES=25 BUILD_COMMAND_KILLS=25 \
//     vitest run --project e2e tests/e2e/build-faults.test.ts
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
/** How long a service is gone at least. */
const outageMs = Number(process.env['BUILD_OUTAGE_MS'] ?? 4_000)
/** Pairs of builds at once on each lake, and command lines that are killed. */
const races = Number(process.env['BUILD_RACES'] ?? 4)
const commandKills = Number(process.env['BUILD_COMMAND_KILLS'] ?? 3)

const slowProject = {
  ...chaosProject,
  'models/slow.sql': `{{ config(materialized='table') }}
select generation, sleep_ms({{ var('sleep_ms', 0) }}) is null as has_slept from {{ ref('summary') }}`,
  'models/slow.yml':
    'models: [{name: slow, columns: [{name: generation, data_tests: [not_null]}]}]',
  'millrace.yml': 'name: shop\ntargets: {local: {services: external}}\n',
}

/** Lands a batch of rows; the first makes the table. */
async function land(options: LakeOptions, batch: number): Promise<void> {
  await using lake = await openWatched(options)
  await queryLake(lake, 'create schema if not exists lake.raw')
  await queryLake(
    lake,
    'create table if not exists lake.raw.events (id bigint, key bigint, amount bigint, happened_on date, batch bigint)',
  )
  await queryLake(
    lake,
    `insert into lake.raw.events
     select range, range % 9, range * 3, date '2024-11-25' + ${batch % 3}::int, ${batch}
     from range(${batch * 20}, ${batch * 20 + 20})`,
  )
}

/** Everything that was published, compared with what was landed. */
async function expectExact(options: LakeOptions): Promise<readonly number[]> {
  await using lake = await openWatched(options)
  expect(await lookAt(lake, 'atomic')).toEqual([])
  expect(await incrementalRows(lake)).toEqual(await expectedRows(lake))
  const generations = await loggedGenerations(lake)
  expect(await foundVersions(lake)).toEqual(expectedVersions(generations))
  expect(await crookedVersions(lake)).toEqual([])
  return generations
}

/** Settings of the command line for a lake. */
function environmentOf({ catalog, dataPath, s3 }: LakeOptions): Record<string, string> {
  const place =
    catalog.kind === 'sqlite'
      ? { MILLRACE_LAKE_CATALOG_PATH: catalog.path }
      : { MILLRACE_LAKE_CATALOG_URL: catalog.url, MILLRACE_LAKE_CATALOG_SCHEMA: catalog.schema }
  return {
    MILLRACE_LAKE_CATALOG: catalog.kind,
    MILLRACE_LAKE_DATA_PATH: dataPath,
    ...place,
    ...(s3 && storeEnvironment(s3)),
  }
}

function storeEnvironment(s3: S3Options): Record<string, string> {
  return {
    MILLRACE_S3_ENDPOINT: s3.endpoint ?? '',
    MILLRACE_S3_REGION: s3.region ?? '',
    MILLRACE_S3_BUCKET: s3.bucket,
    MILLRACE_S3_ACCESS_KEY_ID: s3.accessKeyId ?? '',
    MILLRACE_S3_SECRET_ACCESS_KEY: s3.secretAccessKey ?? '',
    MILLRACE_S3_PATH_STYLE: String(s3.pathStyle ?? true),
  }
}

type Command = {
  readonly folder: string
  readonly lake: LakeOptions
  readonly generation: number
  readonly sleepMs?: number
  readonly retries?: number
  readonly publish?: PublishMode
}

/** `millrace build` of the project in the folder. */
async function startBuild(command: Command): Promise<RunningCli> {
  const { folder, lake, generation, sleepMs = 0, retries = 0, publish = 'atomic' } = command
  await writeProject(folder, { ...slowProject, ...markerOf(generation) })
  const vars = JSON.stringify({ generation, sleep_ms: sleepMs })
  const how = ['--retries', String(retries), '--publish', publish]
  return startCli(['build', '--project-dir', folder, '--vars', vars, ...how], {
    env: environmentOf(lake),
  })
}

async function buildWell(command: Command): Promise<void> {
  const { finished } = await startBuild(command)
  const { code, stderr } = await finished
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}

const sqliteLake = (folder: string): LakeOptions => ({
  catalog: { kind: 'sqlite', path: join(folder, 'lake.sqlite') },
  dataPath: `${join(folder, 'data')}/`,
})

/** A catalog and a prefix of its own in the services that all tests share. */
function servedLake(name: string): LakeOptions {
  const { catalogUrl, s3 } = inject('services')
  const own = `${name}_${process.pid}`
  return {
    catalog: { kind: 'postgres', url: catalogUrl, schema: own },
    dataPath: `s3://${s3.bucket}/${own}/`,
    s3,
  }
}

describe('two builds at once', () => {
  const raceOn = async (lake: LakeOptions, folders: readonly [string, string]) => {
    await land(lake, 0)
    const runners = folders.map((folder) => new Runner({ folder, lake, publish: 'atomic' }))
    const plain: string[] = []
    let committed = 0
    try {
      for (let race = 0; race < races; race++) {
        if (race > 0) await land(lake, race)
        const ends = await Promise.all(
          runners.map(async (runner, index) => {
            const generation = race * 2 + index
            const files = { ...slowProject, ...markerOf(generation) }
            await writeProject(folders[index] ?? '', files)
            return await runner.build({ generation })
          }),
        )
        for (const end of ends) {
          if (end?.outcome === 'committed') committed++
          else plain.push(end?.detail ?? 'the process ended')
        }
      }
    } finally {
      await Promise.all(runners.map((runner) => runner.kill()))
    }
    process.stderr.write(`races: ${committed} of ${races * 2} committed; ${plain.join('\n')}\n`)
    for (const detail of plain) expect(detail).toMatch(/held by|committed in between|lock/i)
    expect(await expectExact(lake)).toHaveLength(committed)
    expect(committed).toBeGreaterThanOrEqual(races)
  }

  it('end well or say who holds the lock, on SQLite and files', async () => {
    await using first = await makeFolder()
    await using second = await makeFolder()
    await raceOn(sqliteLake(first.path), [first.path, second.path])
  })

  it('end well or say who holds the lock, on PostgreSQL and S3', async () => {
    await using first = await makeFolder()
    await using second = await makeFolder()
    await raceOn(servedLake('races'), [first.path, second.path])
  })

  it('end with exit code 0 also from the first build of a project on, in one folder', async () => {
    await using folder = await makeFolder()
    const lake = sqliteLake(folder.path)
    await land(lake, 0)
    const command = { folder: folder.path, lake, generation: 1 }
    await writeProject(folder.path, { ...slowProject, ...markerOf(1) })
    const builds = [await startBuild(command), await startBuild(command)]
    const ends = await Promise.all(builds.map(({ finished }) => finished))
    for (const { code, stderr } of ends) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
      expect(stderr).toMatch(/^(beginning again: another writer committed in between\n)*$/)
    }
    await using watched = await openWatched(lake)
    expect(await incrementalRows(watched)).toEqual(await expectedRows(watched))
    // Both had the same generation.
    expect(await loggedGenerations(watched)).toEqual([1, 1])
  })
})

describe('the command line that is killed at any moment', () => {
  it('leaves nothing that the next build stumbles over', async () => {
    process.stderr.write(`command line: chaos seed ${seed}\n`)
    const random = randomOf(seed)
    await using folder = await makeFolder()
    const lake = sqliteLake(folder.path)
    await land(lake, 0)
    const begunMs = Date.now()
    await buildWell({ folder: folder.path, lake, generation: 0 })
    const wholeMs = Date.now() - begunMs
    for (let kill = 1; kill <= commandKills; kill++) {
      await land(lake, kill)
      const command = { folder: folder.path, lake, generation: kill * 2 }
      const { process: child, finished } = await startBuild(command)
      await sleep(random() * wholeMs)
      child.kill('SIGKILL')
      await finished
      await using watched = await openWatched(lake)
      expect(await lookAt(watched, 'atomic')).toEqual([])
      await buildWell({ ...command, generation: kill * 2 + 1 })
    }
    const generations = await expectExact(lake)
    expect(generations).toEqual([...generations].sort((a, b) => a - b))
    expect(generations.filter((one) => one % 2 === 1)).toHaveLength(commandKills)
  })
})

describe('a service that is gone in the middle of a build', () => {
  type Service = 'postgres' | 's3'

  let instance: Instance
  let stateDir: string
  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-instance-'))
    instance = await startInstance(startOptions(stateDir, { services: ['postgres', 's3'] }))
  })
  afterAll(async () => {
    await stopInstance(stateDir, { purge: true })
    await rm(stateDir, { recursive: true, force: true })
  })

  function instanceLake(name: string): LakeOptions {
    const { s3, lake } = instance.settings
    if (s3 === undefined || lake === undefined) throw new Error('the instance lacks a service')
    return {
      catalog: { kind: 'postgres', url: lake.catalog_url, schema: name },
      dataPath: `s3://${s3.bucket}/${name}/`,
      s3: {
        endpoint: s3.endpoint,
        region: s3.region,
        bucket: s3.bucket,
        accessKeyId: s3.access_key_id,
        secretAccessKey: s3.secret_access_key,
        pathStyle: s3.path_style,
      },
    }
  }

  /** The build is in a long query when the service dies; one that does not wait for it ends before it is back. */
  async function outage(service: Service, command: Command): Promise<CliResult> {
    const build = await startBuild({ ...command, sleepMs: 1_500 })
    await build.shows(/START sql table model main.slow/)
    await killService(stateDir, service, 'SIGKILL')
    await Promise.all([sleep(outageMs), command.retries ? undefined : build.finished])
    await startService(stateDir, service)
    return await build.finished
  }

  it.each([
    ['postgres', 'catalog'],
    ['s3', 'store'],
  ] as const)('ends it with exit code 3, or is waited for: %s', async (service, down) => {
    await using folder = await makeFolder()
    const lake = instanceLake(`killed_${service}`)
    const command = { folder: folder.path, lake }
    await land(lake, 0)
    await buildWell({ ...command, generation: 1 })
    await land(lake, 1)
    const unreachable = expect.stringContaining(`error[lake/${down}-unreachable]`)

    const ended = await outage(service, { ...command, generation: 2 })
    expect(ended).toMatchObject({ code: 3, stderr: unreachable })
    {
      await using watched = await openWatched(lake)
      expect(await lookAt(watched, 'atomic')).toEqual([])
      expect(await loggedGenerations(watched)).toEqual([1])
    }

    const waited = await outage(service, { ...command, generation: 3, retries: 7 })
    expect(waited).toMatchObject({ code: 0 })
    expect(await expectExact(lake)).toEqual([1, 3])

    // What had ended by then is there; the next build brings the rest.
    await land(lake, 2)
    const apart = await outage(service, { ...command, generation: 4, publish: 'per-node' })
    expect(apart).toMatchObject({ code: 3, stderr: unreachable })
    await buildWell({ ...command, generation: 5 })
    {
      await using watched = await openWatched(lake)
      expect(await lookAt(watched, 'atomic')).toEqual([])
      expect(await incrementalRows(watched)).toEqual(await expectedRows(watched))
    }
  })

  it('is waited for when it only hangs', async () => {
    await using folder = await makeFolder()
    const lake = instanceLake('frozen_s3')
    const command = { folder: folder.path, lake }
    await land(lake, 0)
    await buildWell({ ...command, generation: 1 })
    await land(lake, 1)
    const build = await startBuild({ ...command, generation: 2, retries: 7, sleepMs: 1_500 })
    await build.shows(/START sql table model main.slow/)
    await killService(stateDir, 's3', 'SIGSTOP')
    await sleep(outageMs)
    await killService(stateDir, 's3', 'SIGCONT')
    expect(await build.finished).toMatchObject({ code: 0 })
    expect(await expectExact(lake)).toEqual([1, 2])
  })
})
