/** For commands on the lake of millrace.yml: the database of a dbt profile is not what they work on. */
import type { Layer } from '../core/config/setting-paths.ts'
import type { Config } from '../core/config.ts'
import { problem } from '../core/problems.ts'
import { withoutSecrets } from '../core/redact.ts'
import type { DuckdbProfile } from '../transform/index.ts'
import type { GlobalArguments } from './options.ts'
import { findPlace, type ProfileArguments } from './runner/run-context.ts'

/**
 * The configuration of a command that works on the lake alone.
 * @param what of the command line needs it
 * @throws `cli/no-history` where the project is built in the database of a profile, and as `findPlace`
 */
export async function requireLake(
  args: GlobalArguments & ProfileArguments,
  what: string,
  flags: Layer = {},
): Promise<Config> {
  const place = await findPlace(args, flags)
  if (place.kind === 'profile') throw noHistory(place.profile, what)
  return place.config
}

/** That the database of a profile does not keep what is asked for. */
export function noHistory(profile: DuckdbProfile, what: string) {
  const { target, path, database, isDucklake, hidden } = profile
  const file = path === ':memory:' ? 'a DuckDB in memory' : `the plain DuckDB file ${path}`
  const where = withoutSecrets(isDucklake ? `the DuckLake ${database}` : file, hidden)
  const kept = isDucklake ? 'of which Millrace keeps no record' : 'which has no history'
  return problem('cli/no-history', { what, target, where, kept })
}
