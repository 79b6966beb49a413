/**
 * The services that integration and e2e tests share: one throw-away instance of Kafka, S3 and PostgreSQL on
 * free ports, started by vitest before the first of those files and stopped after the last. A test takes it
 * by `inject('services')` and keeps to topics, prefixes and schemas of its own. A test that breaks a service
 * starts an instance of its own with `startInstance`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { S3Options } from '../../core/clients/s3.ts'
import { processEnvironment } from '../../core/config/environment.ts'
import { startContainers, stopContainers } from '../../local/containers.ts'
import { type Instance, startInstance, stopInstance } from '../../local/instance.ts'
import { cacheDir } from './extension-directory.ts'

export type TestServices = {
  readonly stateDir: string
  readonly cacheDir: string
  /** host:port */
  readonly brokers: readonly string[]
  readonly s3: S3Options
  /** Database for published tables. */
  readonly postgresUrl: string
  /** Database for DuckLake catalogs; choose a schema of your own. */
  readonly catalogUrl: string
}

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices
  }
}

/** Every port is whatever is free. */
export const anyPorts = { kafka: 0, kafkaController: 0, s3: 0, postgres: 0, sagemaker: 0 } as const

/** Each project runs this file in a module graph of its own; what they share hangs on the process. */
type Running = Pick<Instance, 'stateDir' | 'settings'>
type Shared = { users: number; starting: Promise<Running> }
const key = Symbol.for('millrace.test-services')
// globalThis has no type for a key of ours.
const place = globalThis as { [key]?: Shared }

export async function setup(project: TestProject): Promise<void> {
  place[key] ??= { users: 0, starting: start() }
  place[key].users++
  project.provide('services', toTestServices(await place[key].starting))
}

export async function teardown(): Promise<void> {
  const shared = place[key]
  if (shared === undefined || --shared.users > 0) return
  delete place[key]
  const { stateDir } = await shared.starting
  if (inContainers) await stopContainers(stateDir, { purge: true })
  else await stopInstance(stateDir, { purge: true })
  await rm(stateDir, { recursive: true, force: true })
}

/** `MILLRACE_SERVICES=containers`: the same services from images. */
const inContainers = processEnvironment['MILLRACE_SERVICES'] === 'containers'

async function start(): Promise<Running> {
  const stateDir = await mkdtemp(join(tmpdir(), 'millrace-tests-'))
  const options = { stateDir, cacheDir, ports: anyPorts, boundToThisProcess: true }
  try {
    return inContainers ? await startContainers(options) : await startInstance(options)
  } catch (error) {
    await rm(stateDir, { recursive: true, force: true })
    throw error
  }
}

function toTestServices({ stateDir, settings }: Running): TestServices {
  const { kafka, s3, postgres, lake } = settings
  if (!kafka || !s3 || !postgres || !lake) throw new Error('the instance lacks a service')
  return {
    stateDir,
    cacheDir,
    brokers: kafka.brokers,
    s3: {
      endpoint: s3.endpoint,
      region: s3.region,
      bucket: s3.bucket,
      accessKeyId: s3.access_key_id,
      secretAccessKey: s3.secret_access_key,
      pathStyle: s3.path_style,
    },
    postgresUrl: postgres.url,
    catalogUrl: lake.catalog_url,
  }
}
