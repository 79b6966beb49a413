/** What `debug` checks, in the order and the words of dbt. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { platform, release } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { dbtVersion } from '../../core/dbt-version.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { withoutPasswords } from '../../core/redact.ts'
import type { DuckdbProfile, ProfileRequest } from '../../transform/index.ts'
import { flagsOf, withProjectFlags } from '../../transform/stdlib/flags.ts'
import type { GlobalArguments } from '../options.ts'
import { adapterVersion, version } from '../release.ts'
import { connectionInfo } from './connection-info.ts'
import { heeded } from './open-project.ts'
import { openRunContext, type ProfileArguments, profileRequest } from './run-context.ts'

export type DebugArguments = GlobalArguments &
  ProfileArguments & {
    readonly connection: boolean
    readonly configDir: boolean
    readonly versionCheck?: boolean | undefined
  }

/** How a check went: what stands in the brackets, and what failed, at length. */
type Check = { readonly verdict: string; readonly failure?: string }

const print = (line: string) => process.stdout.write(`${line}\n`)

/** @returns exit code 1 when a check failed */
export async function debugProject(args: DebugArguments): Promise<number> {
  const { findProfilesFile } = await import('../../transform/index.ts')
  const request = profileRequest(args)
  const { path, folders } = findProfilesFile(request)
  const [folder = '.'] = path === undefined ? folders : [resolve(path, '..')]
  if (args.configDir) {
    print(`To view your profiles.yml file, run:\n\n${openCommand()} ${folder}`)
    return 0
  }
  const project = join(resolve(args.projectDir), 'dbt_project.yml')
  print(`millrace version: ${version()}`)
  print(`dbt version: ${dbtVersion}`)
  print(`node version: ${process.versions.node}`)
  print(`node path: ${process.execPath}`)
  print(`os info: ${platform()}-${release()}-${process.arch}`)
  print(`Using profiles dir at ${folder}`)
  print(`Using profiles.yml file at ${join(folder, 'profiles.yml')}`)
  print(`Using dbt_project.yml file at ${project}`)
  print('adapter type: duckdb')
  print(`adapter version: ${adapterVersion}`)
  const { profile, check: profileCheck } = await checkProfile(request)
  const projectCheck = await checkProject(args, project)
  const checks = [profileCheck, projectCheck]
  if (args.connection) print('Skipping steps before connection verification')
  else {
    print('Configuration:')
    print(`  profiles.yml file [${profileCheck.verdict}]`)
    print(`  dbt_project.yml file [${projectCheck.verdict}]`)
    if (profile !== undefined) {
      print(`  profile: ${profile.name} [OK found]`)
      print(`  target: ${profile.target} [OK found]`)
    }
    const git = await checkGit()
    checks.push(git)
    print('Required dependencies:')
    print(` - git [${git.verdict}]\n`)
  }
  if (profileCheck.failure === undefined && projectCheck.failure === undefined) {
    checks.push(await checkConnection(args, profile))
  } else print('Connection test skipped since no profile was found')
  return printOutcome(checks.flatMap(({ failure }) => failure ?? []))
}

function printOutcome(failures: readonly string[]): number {
  if (failures.length === 0) {
    print('All checks passed!')
    return 0
  }
  print(`${failures.length} check${failures.length === 1 ? '' : 's'} failed:`)
  for (const failure of failures) print(`${failure}\n`)
  return 1
}

async function checkProfile(
  request: ProfileRequest,
): Promise<{ readonly profile?: DuckdbProfile; readonly check: Check }> {
  const { findProfile } = await import('../../transform/index.ts')
  try {
    const found = await findProfile(request)
    if (found.kind === 'duckdb') {
      return { profile: found.profile, check: { verdict: 'OK found and valid' } }
    }
    // Not a failure, as it is in dbt: such a project is built in a lake.
    const reason = found.reason ?? 'the project names no profile'
    return { check: { verdict: `OK not used: ${reason}` } }
  } catch (error) {
    const failure = `Profile loading failed for the following reason:\n${textOf(error)}`
    return { check: { verdict: 'ERROR invalid', failure } }
  }
}

async function checkProject(
  { projectDir, versionCheck }: DebugArguments,
  file: string,
): Promise<Check> {
  const start = 'Project loading failed for the following reason:\n'
  if (!existsSync(file)) {
    return { verdict: 'ERROR not found', failure: `${start} project path <${file}> not found` }
  }
  const { loadProjectSettings } = await import('../../transform/index.ts')
  try {
    const { settings, problems: all } = await loadProjectSettings(projectDir)
    const flags = withProjectFlags(settings.flags, { version_check: versionCheck })
    const problems = heeded(all, flagsOf(flags))
    if (problems.length > 0) throw new AggregateError(problems)
    return { verdict: 'OK found and valid' }
  } catch (error) {
    return { verdict: 'ERROR invalid', failure: `${start}${textOf(error)}` }
  }
}

async function checkGit(): Promise<Check> {
  try {
    await promisify(execFile)('git', ['--help'])
    return { verdict: 'OK found' }
  } catch (error) {
    return { verdict: 'ERROR', failure: `Error from git --help: ${messageOf(error)}` }
  }
}

/** Opens what commands would build in, and asks it something. */
async function checkConnection(
  args: DebugArguments,
  profile: DuckdbProfile | undefined,
): Promise<Check> {
  print('Connection:')
  try {
    await using context = await openRunContext(args)
    for (const [key, value] of await connectionInfo(context.config, profile)) {
      print(`  ${key}: ${value}`)
    }
    await context.database.open()
    await context.database.read((connection) => connection.run('select 1 as id'))
    print('  Connection test: [OK connection ok]\n')
    return { verdict: 'OK connection ok' }
  } catch (error) {
    print('  Connection test: [ERROR]\n')
    const failure = `The database could not be opened or did not answer:\n\n  >${textOf(error)}`
    return { verdict: 'ERROR', failure }
  }
}

/** Each problem with its place and what to do. @throws what is a bug of ours */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('\n')
  if (!(error instanceof MillraceError)) throw error
  const { at, message, hint } = error
  const place =
    at === undefined ? '' : `${[at.file, at.line, at.column].filter(Boolean).join(':')} `
  return withoutPasswords(`${place}${message}${hint === undefined ? '' : ` (${hint})`}`)
}

function openCommand(): string {
  const commands: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'start' }
  return commands[platform()] ?? 'xdg-open'
}
