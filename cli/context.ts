/** The composition root's tools: configuration, log, clients, made from one set of arguments. */
import { isAbsolute, join, resolve } from 'node:path'
import type { Duckdb } from '../core/clients/duckdb.ts'
import type { LakeOptions } from '../core/clients/lake/attach.ts'
import type { Lake } from '../core/clients/lake.ts'
import type { ObjectStore, S3Options } from '../core/clients/s3.ts'
import { processEnvironment } from '../core/config/environment.ts'
import type { Layer } from '../core/config/setting-paths.ts'
import { type Config, loadConfig, requireSetting } from '../core/config.ts'
import { type Log, type LogOptions, openLog } from '../core/log.ts'
import { problem } from '../core/problems.ts'
import type { Secret } from '../core/secret.ts'
import type { GlobalArguments } from './options.ts'

export type Context = { readonly config: Config; readonly log: Log }

/** Reads the configuration for a command; `flags` are settings that were given as options. */
export function openContext(
  args: GlobalArguments,
  flags: Layer = {},
  logOptions: LogOptions = {},
): Context {
  const level = args.logLevel === undefined ? {} : { log_level: args.logLevel }
  const config = loadConfig({
    projectDir: args.projectDir,
    target: args.target,
    flags: { ...level, ...flags },
    environment: processEnvironment,
  })
  let log: Log | undefined
  return {
    config,
    get log() {
      log ??= openLog(config.settings.log_level, logOptions)
      return log
    },
  }
}

/** Kafka's settings as the client takes them, secrets looked up. @throws `config/missing-value` */
export async function kafkaOptionsOf(config: Config) {
  const { kafka } = config.settings
  const { sasl_mechanism: mechanism, sasl_username, sasl_password } = kafka
  const brokers = requireSetting(config, 'kafka.brokers', nonEmpty(kafka.brokers))
  const base = { brokers, clientId: kafka.client_id, ssl: kafka.ssl }
  if (mechanism === undefined && sasl_username === undefined && sasl_password === undefined) {
    return base
  }
  const sasl = {
    mechanism: requireSetting(config, 'kafka.sasl_mechanism', mechanism),
    username: requireSetting(config, 'kafka.sasl_username', sasl_username),
    password: await revealed(config, requireSetting(config, 'kafka.sasl_password', sasl_password)),
  }
  return { ...base, sasl }
}

/** The object store's settings as the client takes them, secrets looked up. @throws `config/missing-value` */
export async function s3OptionsOf(config: Config): Promise<S3Options> {
  const { s3, services } = config.settings
  // Local services give an address; without one a request would go to AWS by mistake.
  if (services !== 'external') requireSetting(config, 's3.endpoint', s3.endpoint)
  const base = {
    endpoint: s3.endpoint,
    region: s3.region,
    bucket: s3.bucket,
    pathStyle: s3.path_style,
  }
  const { access_key_id: accessKeyId, secret_access_key: secret } = s3
  if (accessKeyId === undefined && secret === undefined) return base
  return {
    ...base,
    accessKeyId: requireSetting(config, 's3.access_key_id', accessKeyId),
    secretAccessKey: await revealed(config, requireSetting(config, 's3.secret_access_key', secret)),
  }
}

/** Opens the object store. @throws `config/missing-value` */
export async function openStore(config: Config): Promise<ObjectStore> {
  const { openS3 } = await import('../core/clients/s3.ts')
  return openS3(await s3OptionsOf(config))
}

/** The address of PostgreSQL, secrets looked up. @throws `config/missing-value`, `config/invalid-value` */
export function postgresUrlOf(config: Config): Promise<string> {
  return addressOf(config, 'postgres.url', config.settings.postgres.url)
}

/** Where the lake is, secrets looked up. @throws `config/missing-value`, `config/invalid-value` */
export async function lakeOptionsOf(config: Config): Promise<LakeOptions> {
  const { lake, s3, postgres } = config.settings
  const dataPath = dataPathOf(config, lake.data_path ?? `s3://${s3.bucket}/lake/`)
  assertApart(config, dataPath)
  // Landing files are read from the store also by a lake that keeps its own files in a folder.
  const needsStore = dataPath.startsWith('s3://') || s3.endpoint !== undefined
  const store = needsStore ? { s3: await s3OptionsOf(config) } : {}
  if (lake.catalog === 'sqlite') {
    const path = resolve(config.projectDir, lake.catalog_path)
    return { catalog: { kind: 'sqlite', path }, dataPath, ...store }
  }
  const url =
    lake.catalog_url === undefined && postgres.url !== undefined
      ? await postgresUrlOf(config)
      : await addressOf(config, 'lake.catalog_url', lake.catalog_url)
  return { catalog: { kind: 'postgres', url, schema: lake.catalog_schema }, dataPath, ...store }
}

/** Opens the process's DuckDB; there must be only one. */
export async function openEngine(
  config: Config,
  extensions: readonly string[] = [],
): Promise<Duckdb> {
  const { openDuckdb } = await import('../core/clients/duckdb.ts')
  const { spillDirectory } = await import('../core/clients/spill-directory.ts')
  const { duckdb } = config.settings
  const shared = duckdb.temp_directory ?? join(config.stateDir, 'tmp')
  return await openDuckdb({
    extensionDirectory: join(config.cacheDir, 'duckdb-extensions'),
    extensions,
    memoryLimit: duckdb.memory_limit,
    threads: duckdb.threads,
    tempDirectory: spillDirectory(resolve(config.projectDir, shared)),
    maxTempSize: duckdb.max_temp_size,
  })
}

/** Opens DuckDB with the lake attached; `options` as in `LakeOptions`. Close it with `lake.close()`. */
export async function openConfiguredLake(
  config: Config,
  options: Pick<LakeOptions, 'readOnly' | 'at' | 'mustExist'> = {},
): Promise<Lake> {
  const lakeOptions = await lakeOptionsOf(config)
  const { openLake } = await import('../core/clients/lake.ts')
  const { extensionsOf } = await import('../core/clients/lake/attach.ts')
  const duckdb = await openEngine(config, extensionsOf(lakeOptions))
  try {
    return await openLake(duckdb, { ...lakeOptions, ...options })
  } catch (error) {
    duckdb.close()
    throw error
  }
}

async function revealed(config: Config, secret: Secret): Promise<string> {
  const { resolveSecret } = await import('../core/clients/secrets.ts')
  const found = await resolveSecret(secret, { region: config.settings.s3.region })
  return found.reveal()
}

/** A PostgreSQL address, looked up and checked; it never stands in a message, for it holds a password. */
async function addressOf(
  config: Config,
  path: string,
  secret: Secret | undefined,
): Promise<string> {
  const url = await revealed(config, requireSetting(config, path, secret))
  if (URL.canParse(url) && /^postgres(ql)?:/.test(url)) return url
  const reason = 'it has to look like postgres://user:password@host:5432/database'
  throw problem('config/invalid-value', { path, reason })
}

/** Upkeep deletes every Parquet file under the data path that the lake does not know. */
function assertApart({ projectDir, settings }: Config, dataPath: string): void {
  const others = [
    `s3://${settings.s3.bucket}/landing/`,
    `s3://${settings.s3.bucket}/ledger/`,
    `${projectDir}/`,
  ]
  const [landing, ledger] = others
  const inside = [landing, ledger].some((other) => other && dataPath.startsWith(other))
  if (!inside && !others.some((other) => other.startsWith(dataPath))) return
  const reason = 'the lake needs a place of its own, in which nothing else keeps Parquet files'
  throw problem('config/invalid-value', { path: 'lake.data_path', value: dataPath, reason })
}

function dataPathOf(config: Config, path: string): string {
  const full = path.includes('://') || isAbsolute(path) ? path : resolve(config.projectDir, path)
  return full.endsWith('/') ? full : `${full}/`
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}
