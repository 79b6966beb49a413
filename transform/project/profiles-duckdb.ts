/** One output of type duckdb as data: the keys of dbt-duckdb, checked. */
import { type Position, problem } from '../../core/problems.ts'
import { Secret } from '../../core/secret.ts'
import { isScalar, type ProfileValues, type Scalar } from './profiles-values.ts'

/** `create secret`: a list of a key stands for as many values. */
export type ProfileSecret = {
  readonly type: string
  readonly name: string
  readonly persistent: boolean
  readonly provider: string | undefined
  readonly scope: readonly string[]
  readonly parameters: Readonly<Record<string, SecretValue>>
  readonly at: Position
}

export type SecretValue = Scalar | readonly Scalar[] | Readonly<Record<string, Scalar>>

export type Attachment = {
  readonly path: string
  readonly alias: string | undefined
  readonly type: string | undefined
  readonly secret: string | undefined
  readonly readOnly: boolean
  readonly isDucklake: boolean
  readonly options: Readonly<Record<string, Scalar>>
  readonly at: Position
}

type ProfileExtension = {
  readonly name: string
  readonly repository: string | undefined
  readonly at: Position
}

export type DuckdbCredentials = {
  /** As written; relative to the folder that the command was started in, as in dbt. */
  readonly path: string
  readonly pathAt: Position
  /** The catalog that models go to. */
  readonly database: string
  readonly schema: string
  /** Whether that catalog is a DuckLake. */
  readonly isDucklake: boolean
  readonly configOptions: Readonly<Record<string, Scalar>>
  readonly configOptionsAt: Position
  readonly settings: Readonly<Record<string, Scalar>>
  readonly settingsAt: Position
  readonly extensions: readonly ProfileExtension[]
  readonly secrets: readonly ProfileSecret[]
  readonly attach: readonly Attachment[]
  /** Folder or URL of files whose models say no location, as written. */
  readonly externalRoot?: string | undefined
  /** Tries in all to open a file that another process holds. */
  readonly connectAttempts: number
  /** Each node is committed by itself. */
  readonly disableTransactions: boolean
  /** What no message may show. */
  readonly hidden: readonly Secret[]
}

const pythonOnly: Readonly<Record<string, string>> = {
  filesystems: 'fsspec is of Python; DuckDB reads s3:// and https:// itself, with secrets:',
  plugins: 'plugins are Python code',
  module_paths: 'they are folders of Python code',
  remote: 'servers of Buena Vista are not reached',
  flights: 'Python models of MotherDuck are not run',
}

const known = [
  ...['type', 'path', 'schema', 'database', 'threads', 'attach', 'secrets', 'settings'],
  ...['config_options', 'extensions', 'is_ducklake', 'use_credential_provider', 'retries'],
  ...['disable_transactions', 'keep_open', 'external_root', 'motherduck_token'],
  ...Object.keys(pythonOnly),
]

/** Reads an output; what is wrong goes to the report of `values`. */
export function readDuckdbCredentials(values: ProfileValues): DuckdbCredentials {
  values.warnUnknown(known)
  for (const [key, reason] of Object.entries(pythonOnly)) {
    if (values.has(key)) values.ignored(key, reason)
  }
  const path = values.text('path') ?? ':memory:'
  refuseMotherduck(path, values, 'path')
  const attach = values.items('attach').map(readAttachment)
  const own = databaseOf(path)
  const database = values.text('database') ?? own
  const attached = attach.find(({ alias }) => alias === database)
  if (database !== own && attached === undefined) {
    values.wrong('database', `must be ${own}, as the path says, or an alias under attach`)
  }
  const secrets = [...values.items('secrets').map(readSecret), ...defaultSecrets(values)]
  const [settings, configOptions] = [values.scalars('settings'), values.scalars('config_options')]
  const retries = values.has('retries') ? values.child('retries') : undefined
  if (retries?.has('query_attempts')) {
    retries.ignored('query_attempts', 'a query that fails ends the transaction of the whole run')
  }
  return {
    path,
    pathAt: values.has('path') ? values.at('path') : values.place,
    database,
    schema: values.text('schema') ?? 'main',
    isDucklake:
      attached === undefined
        ? values.flag('is_ducklake') === true || isDucklakePath(path)
        : attached.isDucklake,
    configOptions,
    configOptionsAt: values.at('config_options'),
    settings,
    settingsAt: values.at('settings'),
    extensions: values.items('extensions', 'name').flatMap(readExtension),
    secrets,
    attach,
    externalRoot: values.text('external_root'),
    connectAttempts: retries?.count('connect_attempts') ?? 1,
    disableTransactions: values.flag('disable_transactions') === true,
    hidden: [
      ...secrets.flatMap(hiddenOf),
      ...[settings, configOptions, ...attach.map(({ options }) => options)].flatMap(hiddenIn),
    ],
  }
}

/** The name that DuckDB gives the catalog of a file, and dbt-duckdb that of a DuckLake. */
export function databaseOf(path: string): string {
  if (path === ':memory:' || path === '') return 'memory'
  const file = path.split(/[?#]/)[0]?.split('/').at(-1) ?? ''
  if (!isDucklakePath(path)) return file.replace(/^\.+/, '').split('.')[0] ?? ''
  return file
    .replace(/^ducklake:/i, '')
    .replace(/^\w+:/, '')
    .replace(/\.[^.]*$/, '')
}

export function isDucklakePath(path: string): boolean {
  return /^ducklake:/i.test(path)
}

function refuseMotherduck(path: string, values: ProfileValues, key: string): void {
  if (!/^(md|motherduck):/i.test(path)) return
  const shown = path.split('?')[0] ?? ''
  values.report(problem('profile/motherduck', { path: shown }, { at: values.at(key) }))
}

const attachKeys = ['path', 'type', 'alias', 'secret', 'read_only', 'options', 'is_ducklake']

function readAttachment(item: ProfileValues): Attachment {
  item.warnUnknown(attachKeys)
  const path = item.text('path') ?? ''
  if (path === '') item.wrong('path', 'is needed')
  refuseMotherduck(path, item, 'path')
  const { type, secret, read_only: readOnly, ...options } = item.scalars('options')
  for (const key of ['type', 'secret', 'read_only']) {
    if (item.has(key) && item.has('options') && item.child('options').has(key)) {
      item.wrong(key, 'stands here and under options; say it once')
    }
  }
  const kind = item.text('type') ?? optionalText(type)
  const flag = item.flag('is_ducklake') === true
  return {
    path,
    alias: item.text('alias'),
    type: kind,
    isDucklake: flag || isDucklakePath(path) || kind?.toLowerCase() === 'ducklake',
    secret: item.text('secret') ?? optionalText(secret),
    readOnly: item.flag('read_only') === true || readOnly === true,
    options,
    at: item.place,
  }
}

function optionalText(value: Scalar | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

function readExtension(item: ProfileValues): ProfileExtension[] {
  item.warnUnknown(['name', 'repo'])
  const name = item.text('name')
  if (name === undefined || !/^\w+$/.test(name)) {
    item.wrong('name', 'must be the name of an extension')
    return []
  }
  return [{ name, repository: item.text('repo'), at: item.place }]
}

function readSecret(item: ProfileValues, index: number): ProfileSecret {
  const type = item.text('type') ?? ''
  if (type === '') item.wrong('type', 'is needed')
  const { type: _, name, persistent, provider, scope, ...rest } = item.value
  const parameters = Object.entries(rest).filter((entry): entry is [string, SecretValue] => {
    const [key, value] = entry
    if (isSecretValue(value)) return true
    if (value !== null) item.wrong(key, 'must be a value, a list or a map of values')
    return false
  })
  return {
    type,
    name: item.text('name') ?? `_dbt_secret_${index + 1}`,
    persistent: item.flag('persistent') === true,
    provider: item.text('provider'),
    scope: Array.isArray(scope) ? scope.map(String) : [item.text('scope') ?? []].flat(),
    parameters: Object.fromEntries(parameters),
    at: item.place,
  }
}

function isSecretValue(value: unknown): value is SecretValue {
  if (isScalar(value)) return true
  return typeof value === 'object' && value !== null && Object.values(value).every(isScalar)
}

/** `use_credential_provider: aws`, the old way to say it. */
function defaultSecrets(values: ProfileValues): ProfileSecret[] {
  const provider = values.text('use_credential_provider')
  if (provider === undefined) return []
  if (provider !== 'aws') {
    values.wrong('use_credential_provider', `must be aws, not ${provider}`)
    return []
  }
  const secrets = Array.isArray(values.value['secrets']) ? values.value['secrets'].length : 0
  return [
    {
      type: 's3',
      name: `_dbt_secret_${secrets + 1}`,
      persistent: false,
      provider: 'credential_chain',
      scope: [],
      parameters: {},
      at: values.at('use_credential_provider'),
    },
  ]
}

/** Parameters of secrets that say where, not who. */
const open =
  /^(region|endpoint|url_style|use_ssl|url_compatibility_mode|chain|account_id|host|port)$/i

function hiddenOf({ parameters }: ProfileSecret): Secret[] {
  return Object.entries(parameters).flatMap(([key, value]) => {
    if (open.test(key)) return []
    const values = isScalar(value) ? [value] : Object.values(value)
    return values.map((each) => new Secret(String(each)))
  })
}

/** Of settings and options, those that are secrets by their name: `s3_secret_access_key`, `encryption_key`. */
function hiddenIn(options: Readonly<Record<string, Scalar>>): Secret[] {
  const names = Object.keys(options).filter((name) => /secret|password|token|key/i.test(name))
  return names.map((name) => new Secret(String(options[name])))
}
