/** What may be told of a database: keys as dbt prints them, and never a secret. */
import type { Config } from '../../core/config.ts'
import { withoutSecrets } from '../../core/redact.ts'
import type { DuckdbProfile } from '../../transform/index.ts'
import { lakeOptionsOf } from '../context.ts'

/** Of a profile, or of the lake where there is none. */
export async function connectionInfo(
  config: Config,
  profile: DuckdbProfile | undefined,
): Promise<readonly (readonly [key: string, value: string])[]> {
  if (profile === undefined) return await lakeInfo(config)
  const { database, schema, path, configOptions, extensions, settings, attach } = profile
  const entries = [
    ['database', database],
    ['schema', schema],
    ['path', path],
    ['config_options', shown(withoutSecretKeys(configOptions))],
    ['extensions', shown(extensions.map(({ name }) => name))],
    ['settings', shown(withoutSecretKeys(settings))],
    ['attach', shown(attach.map(({ path, alias, type }) => ({ path, alias, type })))],
    ['disable_transactions', String(profile.disableTransactions)],
  ] as const
  return entries.map(([key, value]) => [key, withoutSecrets(value, profile.hidden)])
}

async function lakeInfo(config: Config): Promise<(readonly [string, string])[]> {
  const { catalog, dataPath } = await lakeOptionsOf(config)
  const place = catalog.kind === 'sqlite' ? catalog.path : withoutSecrets(catalog.url, [])
  return [
    ['target', config.target],
    ['catalog', `${catalog.kind} ${place}`],
    ['data', dataPath],
  ]
}

function withoutSecretKeys(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSecret = (key: string) => /password|secret|token|key/i.test(key)
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, isSecret(key) ? '[redacted]' : value]),
  )
}

function shown(value: object): string {
  return Object.keys(value).length === 0 ? 'None' : JSON.stringify(value)
}
