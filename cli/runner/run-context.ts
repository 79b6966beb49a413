/** Configuration and database of a command that works on models. */
import { homedir } from 'node:os'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Layer } from '../../core/config/setting-paths.ts'
import { type Config, isEmbedded } from '../../core/config.ts'
import type { DuckdbProfile, ProfileRequest } from '../../transform/index.ts'
import { openContext } from '../context.ts'
import { requireProject } from '../find-project.ts'
import type { GlobalArguments } from '../options.ts'
import { parseVars } from './options.ts'
import { lakeDatabase, type ProjectDatabase, profileDatabase } from './project-database.ts'
import { printWarning } from './warnings.ts'

export type RunContext = AsyncDisposable & {
  readonly config: Config
  readonly database: ProjectDatabase
}

export type ProfileArguments = {
  readonly profile?: string | undefined
  readonly profilesDir?: string | undefined
  readonly vars?: string | undefined
  readonly threads?: number | undefined
}

export type Place =
  | { readonly kind: 'profile'; readonly config: Config; readonly profile: DuckdbProfile }
  | {
      readonly kind: 'lake'
      readonly config: Config
      /** Why it is no profile, where the project names one. */
      readonly reason: string | undefined
    }

/**
 * Where a project is built: in the database of its profile, as `findProfile` says, or in the lake of millrace.yml.
 * With a profile of type duckdb `--target` names an output of it, else a target of millrace.yml.
 * @throws what `findProfile` and `loadConfig` throw
 */
export async function findPlace(
  args: GlobalArguments & ProfileArguments,
  flags: Layer = {},
): Promise<Place> {
  const { findProfile } = await import('../../transform/index.ts')
  const found = await findProfile(profileRequest(args))
  if (found.kind === 'none') {
    return { kind: 'lake', config: openContext(args, flags).config, reason: found.reason }
  }
  const { config } = openContext({ ...args, target: undefined }, flags)
  return { kind: 'profile', config, profile: found.profile }
}

/**
 * The place of a project, opened when it is first needed. A line on stderr says why it is the lake where a profile
 * was asked for.
 * @throws `model/project-not-found`, and what `findPlace` throws
 */
export async function openRunContext(
  args: GlobalArguments & ProfileArguments,
  flags: Layer = {},
): Promise<RunContext> {
  requireProject(args.projectDir)
  const place = await findPlace(args, flags)
  if (place.kind === 'profile') {
    for (const warning of place.profile.warnings) printWarning(warning)
    return contextOf(place.config, profileDatabase(place.config, place.profile))
  }
  const embedded = isEmbedded(args.projectDir)
  const reason = place.reason ?? (embedded ? 'dbt_project.yml names no profile' : undefined)
  if (reason !== undefined) {
    const where = embedded ? 'an embedded lake, in .millrace' : 'the lake of millrace.yml'
    process.stderr.write(`note: ${reason}; models are built in ${where}.\n`)
  }
  return contextOf(place.config, lakeDatabase(place.config))
}

/** Which profile a command line asks for. */
export function profileRequest(args: GlobalArguments & ProfileArguments): ProfileRequest {
  return {
    projectDir: args.projectDir,
    workDir: process.cwd(),
    homeDir: homedir(),
    environment: processEnvironment,
    vars: parseVars(args.vars),
    profile: args.profile,
    profilesDir: args.profilesDir,
    target: args.target,
    threads: args.threads,
  }
}

function contextOf(config: Config, database: ProjectDatabase): RunContext {
  return { config, database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}
