/** Configuration and database of a command that works on models. */
import { homedir } from 'node:os'
import { processEnvironment } from '../../core/config/environment.ts'
import type { Layer } from '../../core/config/setting-paths.ts'
import { type Config, isEmbedded } from '../../core/config.ts'
import type { ProfileRequest } from '../../transform/index.ts'
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

/**
 * Finds the profile of the project, as `findProfile` says. With a profile of type duckdb `--target` names an output
 * of it, and its database is the project's; else `--target` names a target of millrace.yml, whose lake is, and a
 * line on stderr says why when a profile was asked for.
 * @throws `model/project-not-found`, and what `findProfile` and `loadConfig` throw
 */
export async function openRunContext(
  args: GlobalArguments & ProfileArguments,
  flags: Layer = {},
): Promise<RunContext> {
  requireProject(args.projectDir)
  const { findProfile } = await import('../../transform/index.ts')
  const found = await findProfile(profileRequest(args))
  if (found.kind === 'duckdb') {
    const { config } = openContext({ ...args, target: undefined }, flags)
    for (const warning of found.profile.warnings) printWarning(warning)
    return contextOf(config, profileDatabase(config, found.profile))
  }
  const embedded = isEmbedded(args.projectDir)
  const reason = found.reason ?? (embedded ? 'dbt_project.yml names no profile' : undefined)
  if (reason !== undefined) {
    const where = embedded ? 'an embedded lake, in .millrace' : 'the lake of millrace.yml'
    process.stderr.write(`note: ${reason}; models are built in ${where}.\n`)
  }
  const { config } = openContext(args, flags)
  return contextOf(config, lakeDatabase(config))
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
