/**
 * `profiles.yml`: which database a dbt project is built in.
 *
 * The file is the first of: `profiles.yml` in the folder of `--profiles-dir`, of `DBT_PROFILES_DIR`, in the folder
 * the command was started in, in the project's folder, in `~/.dbt`. The profile is `--profile`, else `DBT_PROFILE`,
 * else `profile:` of dbt_project.yml. Its output is `--target`, else `DBT_TARGET`, else `target:` of the profile,
 * else `default`. So with a profile of type duckdb `--target` names an output of the profile, and a target of
 * millrace.yml only where no such profile is used.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type Position, problem } from '../../core/problems.ts'
import { type DuckdbCredentials, isDucklakePath, readDuckdbCredentials } from './profiles-duckdb.ts'
import { type ProfileInputs, ProfileRenderer } from './profiles-render.ts'
import { labelOf, type ProfileReport, ProfileValues } from './profiles-values.ts'
import { encodingProblem } from './utf8.ts'
import { isObject, parseYamlFile, type YamlFile } from './yaml-file.ts'

export type ProfileRequest = ProfileInputs & {
  readonly projectDir: string
  /** The folder the command was started in. */
  readonly workDir: string
  readonly homeDir: string
  /** `--profiles-dir`, `--profile`, `--target` and `--threads`. */
  readonly profilesDir?: string | undefined
  readonly profile?: string | undefined
  readonly target?: string | undefined
  readonly threads?: number | undefined
}

export type DuckdbProfile = DuckdbCredentials & {
  readonly name: string
  readonly target: string
  readonly threads: number
  readonly warnings: readonly MillraceError[]
}

export type FoundProfile =
  | { readonly kind: 'duckdb'; readonly profile: DuckdbProfile }
  | {
      readonly kind: 'none'
      /** Why there is none; undefined when the project asks for none. */
      readonly reason: string | undefined
    }

/**
 * Finds the profile of a project.
 * @returns `none` when the project names no profile, there is no profiles.yml, or the profile is of another type
 * @throws what is wrong with a profile of type duckdb, all of it and each with its place: `profile/*`; also
 * `model/not-yaml`, and `profile/not-found` when profiles.yml lacks the profile, or `--profile` or `--profiles-dir`
 * are given and there is no file
 */
export async function findProfile(request: ProfileRequest): Promise<FoundProfile> {
  const renderer = new ProfileRenderer(request)
  const asked = request.profile ?? nonEmpty(request.environment['DBT_PROFILE'])
  const { name, at } =
    asked === undefined ? await projectProfile(request.projectDir, renderer) : { name: asked }
  if (name === undefined) return { kind: 'none', reason: undefined }
  const file = await loadProfiles(request)
  if (file === undefined) {
    if (request.profile !== undefined || request.profilesDir !== undefined) {
      const place = foldersOf(request).join(', ')
      throw problem('profile/not-found', { profile: name, place, known: [], nearest: undefined })
    }
    return { kind: 'none', reason: `there is no profiles.yml for the profile ${name}` }
  }
  const profiles = isObject(file.value) ? file.value : {}
  const raw = profiles[name]
  if (raw !== undefined && !isObject(raw)) {
    const parameters = { path: name, reason: 'must be a map of keys and values' }
    throw problem('profile/invalid-value', parameters, { at: file.positionOf([name]) })
  }
  if (raw === undefined) {
    const known = Object.keys(profiles).filter((key) => key !== 'config')
    const parameters = { profile: name, place: file.file, known, nearest: nearest(name, known) }
    throw problem('profile/not-found', parameters, at === undefined ? {} : { at })
  }
  return readOutput(file, name, raw, request, renderer)
}

/** What dbt_project.yml names, and where; nothing when it names none. */
async function projectProfile(
  projectDir: string,
  renderer: ProfileRenderer,
): Promise<{ readonly name?: string; readonly at?: Position }> {
  const text = await readFile(join(projectDir, 'dbt_project.yml'), 'utf8').catch(() => undefined)
  if (text === undefined) return {} // loading the project says so
  const file = parseYamlFile('dbt_project.yml', text)
  const value = isObject(file.value) ? file.value['profile'] : undefined
  if (value === undefined || value === null) return {}
  const at = file.positionOf(['profile'])
  const name = renderer.render(value, 'profile', at)
  return typeof name === 'string' || typeof name === 'number' ? { name: String(name), at } : {}
}

function foldersOf({ profilesDir, environment, workDir, projectDir, homeDir }: ProfilesPlaces) {
  const given = profilesDir ?? nonEmpty(environment['DBT_PROFILES_DIR'])
  const folders = [workDir, resolve(workDir, projectDir), join(homeDir, '.dbt')]
  return given === undefined ? [...new Set(folders)] : [resolve(workDir, given)]
}

type ProfilesPlaces = Pick<
  ProfileRequest,
  'profilesDir' | 'environment' | 'workDir' | 'projectDir' | 'homeDir'
>

/** Where profiles.yml is, absolute; where there is none, every folder in which it was looked for. */
export function findProfilesFile(request: ProfilesPlaces): {
  readonly path: string | undefined
  readonly folders: readonly string[]
} {
  const folders = foldersOf(request)
  const paths = folders.map((folder) => join(folder, 'profiles.yml'))
  return { path: paths.find((candidate) => existsSync(candidate)), folders }
}

/** The file, or undefined when there is none. */
async function loadProfiles(request: ProfileRequest): Promise<YamlFile | undefined> {
  const { path } = findProfilesFile(request)
  if (path === undefined) return undefined
  const inWorkDir = relative(request.workDir, path)
  const shown = inWorkDir.startsWith('..') ? path : inWorkDir
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw problem('model/unreadable', { reason: messageOf(cause) }, { at: { file: shown }, cause })
  })
  const wrong = encodingProblem(shown, path, text)
  if (wrong !== undefined) throw wrong
  return parseYamlFile(shown, text)
}

function readOutput(
  file: YamlFile,
  name: string,
  raw: Readonly<Record<string, unknown>>,
  request: ProfileRequest,
  renderer: ProfileRenderer,
): FoundProfile {
  const outputs = isObject(raw['outputs']) ? raw['outputs'] : {}
  const target = targetOf(file, name, raw, request, renderer)
  const output = outputs[target]
  if (output === undefined) {
    const types = new Set(Object.values(outputs).map(typeOf))
    // `--target` then names a target of millrace.yml, if there is such a file.
    const isOther = types.size > 0 && !types.has('duckdb')
    if (isOther && existsSync(join(request.projectDir, 'millrace.yml'))) {
      return otherType(name, [...types].join(', '))
    }
    const parameters = { profile: name, target, known: Object.keys(outputs) }
    const at = file.positionOf([name, 'outputs'])
    const near = nearest(target, parameters.known)
    throw problem('profile/unknown-target', { ...parameters, nearest: near }, { at })
  }
  const path = [name, 'outputs', target]
  const at = file.positionOf(path)
  const type = isObject(output) ? renderer.render(output['type'], labelOf(path), at) : undefined
  if (typeof type === 'string' && type !== 'duckdb') return otherType(name, type)
  const report: ProfileReport = { problems: [], warnings: [] }
  const rendered = isObject(output) ? renderEach(file, path, output, renderer, report) : output
  const values = new ProfileValues(file, report, path, rendered)
  if (isObject(output) && type === undefined) values.wrong('type', 'is needed, such as duckdb')
  const credentials = readDuckdbCredentials(values)
  if (isMissingFolder(credentials.path, request.workDir)) {
    values.wrong('path', `there is no folder ${dirname(credentials.path)}`)
  }
  const threads = request.threads ?? values.count('threads') ?? 1
  if (report.problems.length === 1) throw report.problems[0]
  if (report.problems.length > 1) throw new AggregateError(report.problems, 'the profile is wrong')
  const hidden = [...renderer.secrets, ...credentials.hidden]
  const { warnings } = report
  return { kind: 'duckdb', profile: { ...credentials, hidden, name, target, threads, warnings } }
}

function targetOf(
  file: YamlFile,
  name: string,
  raw: Readonly<Record<string, unknown>>,
  request: ProfileRequest,
  renderer: ProfileRenderer,
): string {
  const asked = request.target ?? nonEmpty(request.environment['DBT_TARGET'])
  if (asked !== undefined) return asked
  const at = file.positionOf([name, 'target'])
  return String(renderer.render(raw['target'] ?? 'default', `${name}.target`, at))
}

/** Key by key, so that each fault has the line of its key and all of them are found. */
function renderEach(
  file: YamlFile,
  path: readonly string[],
  output: Readonly<Record<string, unknown>>,
  renderer: ProfileRenderer,
  report: ProfileReport,
): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(output)) {
    try {
      const at = file.positionOf([...path, key])
      values[key] = renderer.render(value, labelOf([...path, key]), at)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      report.problems.push(error)
    }
  }
  return values
}

function otherType(name: string, type: string): FoundProfile {
  return { kind: 'none', reason: `the profile ${name} is of type ${type}` }
}

function typeOf(output: unknown): string {
  return isObject(output) && typeof output['type'] === 'string' ? output['type'] : 'duckdb'
}

function isMissingFolder(path: string, workDir: string): boolean {
  if (path === ':memory:' || isDucklakePath(path) || /^\w+:/.test(path)) return false
  return !existsSync(dirname(resolve(workDir, path)))
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
