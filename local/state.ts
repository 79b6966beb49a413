/**
 * The state directory of an instance: what is kept in it, and where.
 *
 *   state.json      ports and credentials of the instance, made once (0600)
 *   instance.json   the same as settings, for every other command (0600)
 *   run/            pid files and what each service is doing
 *   logs/           one file a service, and the supervisor's
 *   kafka/ s3/ postgres/ sagemaker/   their data
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { problem } from '../core/problems.ts'
import { readJson, writeJson } from './json-file.ts'
import type { ServiceName } from './service-names.ts'

const ports = z.strictObject({
  kafka: z.int(),
  kafkaController: z.int(),
  s3: z.int(),
  postgres: z.int(),
  /** 0: the instance was made before there was one; the next start chooses it. */
  sagemaker: z.int().default(0),
})
export type Ports = Readonly<z.infer<typeof ports>>
export type PortName = keyof Ports
export const portNames: readonly PortName[] = ports.keyof().options

/** The ports of each service. */
export const portsOf: Readonly<Record<ServiceName, readonly PortName[]>> = {
  kafka: ['kafka', 'kafkaController'],
  s3: ['s3'],
  postgres: ['postgres'],
  sagemaker: ['sagemaker'],
}

const credentials = z.strictObject({
  /** 22 characters of base64url, as Kafka wants them; also how we know our broker from a stranger. */
  kafkaClusterId: z.string(),
  s3AccessKeyId: z.string(),
  s3SecretAccessKey: z.string(),
  postgresPassword: z.string(),
})
export type Credentials = Readonly<z.infer<typeof credentials>>

const instanceState = z.strictObject({ version: z.literal(1), ports, credentials })
export type InstanceState = { readonly ports: Ports; readonly credentials: Credentials }

export const bucketName = 'millrace'
export const region = 'us-east-1'
export const superuser = 'millrace'
/** The stand-in asks for one, as SageMaker does, and gives it no meaning. */
const localRole = 'arn:aws:iam::000000000000:role/millrace-local'
export const databases = { published: 'millrace', catalog: 'millrace_lake' } as const

/** The paths inside a state directory. */
export function statePaths(stateDir: string) {
  return {
    state: join(stateDir, 'state.json'),
    instance: join(stateDir, 'instance.json'),
    run: join(stateDir, 'run'),
    lock: join(stateDir, 'run', 'lock'),
    wanted: join(stateDir, 'run', 'wanted.json'),
    supervisor: join(stateDir, 'run', 'supervisor.json'),
    supervisorLog: join(stateDir, 'logs', 'supervisor.log'),
    service: (name: ServiceName) => join(stateDir, 'run', `${name}.json`),
    log: (name: ServiceName) => join(stateDir, 'logs', `${name}.log`),
    data: (name: ServiceName) => join(stateDir, name),
  }
}

/**
 * Makes the directories of an instance; those that exist are left as they are.
 * @throws `services/state-dir-unusable`
 */
export function makeStateDir(stateDir: string): void {
  const paths = statePaths(stateDir)
  try {
    // Others may pass through but not look in: PostgreSQL runs as another user when we are root.
    mkdirSync(stateDir, { recursive: true, mode: 0o711 })
    for (const directory of [paths.run, paths.lock, join(stateDir, 'logs')]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
  } catch (cause) {
    throw problem(
      'services/state-dir-unusable',
      { path: stateDir, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    )
  }
}

/**
 * What tells this state directory from a copy of it: its place on the disk. Pid files carry it, so that
 * a copied directory never signals the processes of the original.
 */
export function stateDirIdentity(stateDir: string): string {
  const { dev, ino } = statSync(stateDir, { bigint: true })
  return `${dev}:${ino}`
}

/** The state written by an earlier start; undefined when there was none. */
export function readState(stateDir: string): InstanceState | undefined {
  return readJson(statePaths(stateDir).state, instanceState)
}

/** Keeps the state, and writes the settings other commands read. */
export function writeState(
  stateDir: string,
  state: InstanceState,
  services: readonly ServiceName[],
) {
  const paths = statePaths(stateDir)
  writeJson(paths.state, { version: 1, ...state })
  writeJson(paths.instance, instanceSettings(state, services))
}

/** Random credentials; every text is safe in a URL as it stands. */
export function makeCredentials(): Credentials {
  return {
    // A leading "-" would look like an option to Kafka's tools.
    kafkaClusterId: randomBytes(16).toString('base64url').replace(/^-/, 'A'),
    s3AccessKeyId: `MR${randomBytes(9).toString('hex').toUpperCase()}`,
    s3SecretAccessKey: randomBytes(30).toString('base64url'),
    postgresPassword: randomBytes(24).toString('base64url'),
  }
}

export type InstanceSettings = {
  readonly kafka?: { readonly brokers: readonly string[] }
  readonly s3?: {
    readonly endpoint: string
    readonly region: string
    readonly bucket: string
    readonly access_key_id: string
    readonly secret_access_key: string
    readonly path_style: boolean
  }
  readonly postgres?: { readonly url: string }
  readonly lake?: { readonly catalog_url: string }
  readonly sagemaker?: { readonly endpoint: string; readonly role_arn: string }
}

/** The instance as a layer of settings, in the shape `core/config.ts` reads. Holds secrets. */
export function instanceSettings(
  { ports, credentials }: InstanceState,
  services: readonly ServiceName[],
): InstanceSettings {
  const server = `postgres://${superuser}:${credentials.postgresPassword}@127.0.0.1:${ports.postgres}`
  return {
    ...(services.includes('kafka') && { kafka: { brokers: [`127.0.0.1:${ports.kafka}`] } }),
    ...(services.includes('s3') && {
      s3: {
        endpoint: `http://127.0.0.1:${ports.s3}`,
        region,
        bucket: bucketName,
        access_key_id: credentials.s3AccessKeyId,
        secret_access_key: credentials.s3SecretAccessKey,
        path_style: true,
      },
    }),
    ...(services.includes('postgres') && {
      postgres: { url: `${server}/${databases.published}` },
      lake: { catalog_url: `${server}/${databases.catalog}` },
    }),
    ...(services.includes('sagemaker') && {
      sagemaker: { endpoint: `http://127.0.0.1:${ports.sagemaker}`, role_arn: localRole },
    }),
  }
}
