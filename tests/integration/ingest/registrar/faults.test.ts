import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, inject, it } from 'vitest'
import { openDuckdb, queryRows } from '../../../../core/clients/duckdb.ts'
import type { LakeOptions } from '../../../../core/clients/lake/attach.ts'
import { type Lake, openLake } from '../../../../core/clients/lake.ts'
import { type ObjectStore, openS3, type S3Options } from '../../../../core/clients/s3.ts'
import { userActivitySchema } from '../../../../core/contracts/user-activity.ts'
import { registerAll } from '../../../../ingest/registrar/register.ts'
import { killService, startInstance, startService } from '../../../../local/instance.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { anyPorts } from '../../../support/services.ts'
import { LandedChain } from './landed.ts'
import type { RegistrarProcessOptions } from './registrar-process.ts'

const services = inject('services')
const program = new URL('./registrar-process.ts', import.meta.url).pathname

function startRegistrar(options: RegistrarProcessOptions): ChildProcess {
  return spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Resolves when the process has printed `text` so many times, or has ended. */
async function printed(child: ChildProcess, text: string, times = 1): Promise<void> {
  let output = ''
  while (child.exitCode === null && output.split(text).length <= times) {
    const [chunk] = await Promise.race([
      once(child.stdout ?? child, 'data'),
      once(child, 'exit').then(() => ['']),
    ])
    output += String(chunk)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

type World = {
  readonly lake: Lake
  readonly store: ObjectStore
  readonly topic: string
  readonly process: RegistrarProcessOptions
}

async function openWorld(options: LakeOptions, s3: S3Options): Promise<World> {
  const topic = `t-${randomUUID().slice(0, 8)}`
  const lake = await openLake(await openDuckdb({ extensionDirectory }), options)
  const process = { lake: options, s3, topic, maxRecords: 60 }
  return { lake, store: openS3(s3), topic, process }
}

/** Registers the rest and compares the table with the ledger, offset by offset. */
async function expectExact({ lake, store, topic }: World, chains: readonly LandedChain[]) {
  const deps = { lake, store, schemaOf: () => userActivitySchema }
  await registerAll(deps, { topics: [topic], maxRecords: 1_000_000 })
  const rows = await lake.read((connection) =>
    queryRows(
      connection,
      `select _partition, count(*) as rows, count(distinct _offset) as offsets, min(_offset) as least, max(_offset) as most
       from lake.raw."${topic}" group by all order by 1`,
    ),
  )
  expect(rows).toEqual(
    chains.map(({ chain, head }) => ({
      _partition: chain.partition,
      rows: BigInt(head),
      offsets: BigInt(head),
      least: 0n,
      most: BigInt(head - 1),
    })),
  )
}

describe.each(['postgres', 'sqlite'] as const)('with a %s catalog', (kind) => {
  it('nothing is lost or doubled when registrars are killed at random moments', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-registrar-'))
    const name = `registrar_${randomUUID().slice(0, 8)}`
    const world = await openWorld(
      {
        catalog:
          kind === 'postgres'
            ? { kind, url: services.catalogUrl, schema: name }
            : { kind, path: join(folder, 'catalog.sqlite') },
        dataPath: `s3://${services.s3.bucket}/${name}/`,
        s3: services.s3,
      },
      services.s3,
    )
    const chains = [0, 1].map(
      (partition) =>
        new LandedChain(world.lake.duckdb, world.store, {
          cluster: 'c',
          topic: world.topic,
          epoch: 'epoch-1',
          partition,
        }),
    )
    await chains[0]?.open()
    const kills = 12
    for (let round = 0; round < kills; round++) {
      for (const landed of chains) {
        for (let entry = 0; entry < 4; entry++) await landed.land({ records: 10 })
      }
      // Every third round two at once, of which one must stand back.
      const children = Array.from({ length: round % 3 === 2 ? 2 : 1 }, () =>
        startRegistrar(world.process),
      )
      await Promise.all(children.map((child) => printed(child, 'ready')))
      await sleep(Math.random() * 400)
      await Promise.all(children.map(kill))
    }
    await expectExact(world, chains)
    world.lake.close()
    world.store.close()
    await rm(folder, { recursive: true })
  }, 300_000)
})

it('ends with exit code 3 when PostgreSQL or S3 is killed, and goes on when it is back', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-registrar-pg-'))
  const instance = await startInstance({
    stateDir,
    cacheDir: services.cacheDir,
    ports: anyPorts,
    services: ['s3', 'postgres'],
    boundToThisProcess: true,
  })
  try {
    const { s3, lake } = instance.settings
    if (!s3 || !lake) throw new Error('the instance lacks a service')
    const s3Options = {
      endpoint: s3.endpoint,
      region: s3.region,
      bucket: s3.bucket,
      accessKeyId: s3.access_key_id,
      secretAccessKey: s3.secret_access_key,
      pathStyle: s3.path_style,
    }
    const options: LakeOptions = {
      catalog: { kind: 'postgres', url: lake.catalog_url, schema: 'faults' },
      dataPath: `s3://${s3.bucket}/faults/`,
      s3: s3Options,
    }
    let world = await openWorld(options, s3Options)
    const { topic } = world
    const landed = new LandedChain(world.lake.duckdb, world.store, {
      cluster: 'c',
      topic,
      epoch: 'epoch-1',
      partition: 0,
    })
    await landed.open()
    for (const service of ['postgres', 's3', 'postgres', 's3', 'postgres'] as const) {
      const child = startRegistrar(world.process)
      const ended = once(child, 'exit')
      let complaint = ''
      child.stderr?.on('data', (chunk) => {
        complaint += chunk
      })
      await printed(child, 'ready')
      for (let entry = 0; entry < 6; entry++) await landed.land({ records: 10 })
      await sleep(Math.random() * 300)
      await killService(stateDir, service, 'SIGKILL')
      const [code] = await ended
      const lost = service === 's3' ? /object store at .* failed to/ : /catalog.*does not answer/
      expect(complaint).toMatch(lost)
      expect(code).toBe(3)
      await startService(stateDir, service)
    }
    // A new process, as the next run would be.
    const lakeAgain = await openLake(await openDuckdb({ extensionDirectory }), options)
    world = { ...world, lake: lakeAgain }
    await expectExact(world, [landed])
    lakeAgain.close()
    world.store.close()
  } finally {
    await instance.stop()
    await rm(stateDir, { recursive: true, force: true })
  }
}, 300_000)
