/** The composition root's tools: configuration, log, clients, made from one set of arguments. */
import { isAbsolute, join, resolve } from 'node:path'
import type { Duckdb } from '../core/clients/duckdb.ts'
import type { LakeOptions } from '../core/clients/lake/attach.ts'
import type { Lake } from '../core/clients/lake.ts'
import type { ObjectStore, S3Options } from '../core/clients/s3.ts'
import { processEnvironment } from '../core/config/environment.ts'
import type { Layer } from '../core/config/setting-paths.ts'
import { type Config, loadConfig, requireSetting } from '../core/config.ts'
import { type Log, openLog } from '../core/log.ts'
import type { Secret } from '../core/secret.ts'
import type { GlobalArguments } from './options.ts'

export type Context = { readonly config: Config; readonly log: Log }

/** Reads the configuration for a command; `flags` are settings that were given as options. */
export function openContext(args: GlobalArguments, flags: Layer = {}): Context {
  const level = args.logLevel === undefined ? {} : { log_level: args.logLevel }
  const config = loadConfig({
    projectDir: args.projectDir,
    target: args.target,
    flags: { ...level, ...flags },
    environment: processEnvironment,
  })
  return { config, log: openLog(config.settings.log_level) }
}

/** Kafka's settings as the client takes them. @throws `config/missing-value` */
export function kafkaOptionsOf(config: Config) {
  const { kafka } = config.settings
  const brokers = requireSetting(config, 'kafka.brokers', nonEmpty(kafka.brokers))
  const base = { brokers, clientId: kafka.client_id, ssl: kafka.ssl }
  if (kafka.sasl_mechanism === undefined) return base
  const username = requireSetting(config, 'kafka.sasl_username', kafka.sasl_username)
  const password = requireSetting(config, 'kafka.sasl_password', kafka.sasl_password).reveal()
  return { ...base, sasl: { mechanism: kafka.sasl_mechanism, username, password } }
}

/** The object store's settings as the client takes them. @throws `config/missing-value` */
function s3OptionsOf(config: Config): S3Options {
  const { s3, services } = config.settings
  // Local services give an address; without one a request would go to AWS by mistake.
  if (services !== 'external') requireSetting(config, 's3.endpoint', s3.endpoint)
  return {
    endpoint: s3.endpoint,
    region: s3.region,
    bucket: s3.bucket,
    accessKeyId: s3.access_key_id,
    secretAccessKey: s3.secret_access_key?.reveal(),
    pathStyle: s3.path_style,
  }
}

/** Opens the object store. @throws `config/missing-value` */
export async function openStore(config: Config): Promise<ObjectStore> {
  const { openS3 } = await import('../core/clients/s3.ts')
  return openS3(s3OptionsOf(config))
}

/** The address of PostgreSQL, secrets looked up. @throws `config/missing-value` */
export async function postgresUrlOf(config: Config): Promise<string> {
  const url = requireSetting(config, 'postgres.url', config.settings.postgres.url)
  return await revealed(config, url)
}

/** Where the lake is, secrets looked up. @throws `config/missing-value` */
export async function lakeOptionsOf(config: Config): Promise<LakeOptions> {
  const { lake, s3 } = config.settings
  const dataPath = dataPathOf(config, lake.data_path ?? `s3://${s3.bucket}/lake/`)
  const store = dataPath.startsWith('s3://') ? { s3: s3OptionsOf(config) } : {}
  if (lake.catalog === 'sqlite') {
    const path = resolve(config.projectDir, lake.catalog_path)
    return { catalog: { kind: 'sqlite', path }, dataPath, ...store }
  }
  const given = lake.catalog_url ?? config.settings.postgres.url
  const url = await revealed(config, requireSetting(config, 'lake.catalog_url', given))
  return { catalog: { kind: 'postgres', url, schema: lake.catalog_schema }, dataPath, ...store }
}

/** Opens the process's DuckDB; there must be only one. */
export async function openEngine(config: Config): Promise<Duckdb> {
  const { openDuckdb } = await import('../core/clients/duckdb.ts')
  const { duckdb } = config.settings
  return await openDuckdb({
    extensionDirectory: join(config.cacheDir, 'duckdb-extensions'),
    memoryLimit: duckdb.memory_limit,
    threads: duckdb.threads,
    tempDirectory: resolve(
      config.projectDir,
      duckdb.temp_directory ?? join(config.stateDir, 'tmp'),
    ),
    maxTempSize: duckdb.max_temp_size,
  })
}

/** Opens DuckDB with the lake attached; `options` as in `LakeOptions`. Close it with `lake.close()`. */
export async function openConfiguredLake(
  config: Config,
  options: Pick<LakeOptions, 'readOnly' | 'at'> = {},
): Promise<Lake> {
  const lakeOptions = await lakeOptionsOf(config)
  const { openLake } = await import('../core/clients/lake.ts')
  return await openLake(await openEngine(config), { ...lakeOptions, ...options })
}

async function revealed(config: Config, secret: Secret): Promise<string> {
  const { resolveSecret } = await import('../core/clients/secrets.ts')
  const found = await resolveSecret(secret, { region: config.settings.s3.region })
  return found.reveal()
}

function dataPathOf(config: Config, path: string): string {
  const full = path.includes('://') || isAbsolute(path) ? path : resolve(config.projectDir, path)
  return full.endsWith('/') ? full : `${full}/`
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}
