/**
 * The configuration of one run: flag > `MILLRACE_*` variable > target in `millrace.yml` > running local
 * services > default. Read once by the command line, frozen, and passed down.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultCacheDir } from './config/default-cache-dir.ts'
import { type Environment, environmentLayer } from './config/environment.ts'
import { embeddedProjectFile, loadProjectFile, type ProjectFile } from './config/project-file.ts'
import { allSettings, type Layer, mergeLayers, valueAt } from './config/setting-paths.ts'
import type { MillraceError } from './errors.ts'
import { nearest } from './nearest.ts'
import { type Position, problem } from './problems.ts'
import { type Settings, settingsSchema } from './settings.ts'

export type Config = {
  readonly projectName: string
  /** Absolute. */
  readonly projectDir: string
  readonly target: string
  /** Absolute: data, logs and pid files of the local services. */
  readonly stateDir: string
  /** Absolute: downloads kept by version. */
  readonly cacheDir: string
  readonly settings: Settings
  /** Setting path → who set it, for example `MILLRACE_KAFKA_BROKERS` or `default`. */
  readonly origins: Readonly<Record<string, string>>
}

export type ConfigRequest = {
  readonly projectDir: string
  readonly target?: string | undefined
  /** Settings given as flags. */
  readonly flags?: Layer
  readonly environment: Environment
}

type Source = {
  readonly origin: (path: string) => string
  readonly layer: Layer
  readonly positionOf?: (path: readonly PropertyKey[]) => Position
}

/**
 * Reads and checks the configuration.
 * @throws AggregateError of `MillraceError`s: every problem at once, each with its file and path
 */
export function loadConfig(request: ConfigRequest): Config {
  const projectDir = resolve(request.projectDir)
  const asked = request.target ?? (request.environment['MILLRACE_TARGET'] || undefined)
  const path = join(projectDir, 'millrace.yml')
  const file = isEmbedded(projectDir)
    ? embeddedProjectFile(path, asked)
    : loadProjectFile(path, request.environment)
  const target = asked ?? file.defaultTarget
  const environment = environmentLayer(request.environment)
  const problems: MillraceError[] = [...file.problems, ...environment.problems]
  const targetSource = sourceOfTarget(file, target, problems)
  const flags: Source = { origin: () => 'flag', layer: request.flags ?? {} }
  const variables: Source = { origin: variableOf, layer: environment.layer }
  const given = [targetSource, variables, flags]

  const before = mergeLayers(given.map((source) => source.layer))
  const stateDir = resolve(projectDir, textAt(before, 'state_dir') ?? '.millrace')
  const instance = instanceSource(stateDir, before)
  const sources = [instance, ...given]
  const settings = parseSettings(sources, problems)
  if (settings === undefined || problems.length > 0) {
    throw problems.length === 1 ? problems[0] : new AggregateError(problems, 'configuration')
  }
  return Object.freeze({
    projectName: file.name,
    projectDir,
    target,
    stateDir,
    cacheDir: resolve(projectDir, settings.cache_dir ?? defaultCacheDir()),
    settings,
    origins: originsOf(sources),
  })
}

/** A dbt project needs no millrace.yml. */
export function isEmbedded(projectDir: string): boolean {
  const has = (name: string) => existsSync(join(projectDir, name))
  return !has('millrace.yml') && has('dbt_project.yml')
}

function sourceOfTarget(file: ProjectFile, target: string, problems: MillraceError[]): Source {
  const layer = file.targets[target]
  if (layer === undefined) {
    const known = Object.keys(file.targets)
    const parameters = { target, known, nearest: nearest(target, known) }
    problems.push(problem('config/unknown-target', parameters, { at: { file: file.file } }))
  }
  return {
    origin: () => `${file.origin} (target ${target})`,
    layer: layer ?? {},
    positionOf: (path) => file.positionOf(['targets', target, ...path]),
  }
}

/** What `millrace up` wrote down about the services it started. */
function instanceSource(stateDir: string, given: Layer): Source {
  const file = join(stateDir, 'instance.json')
  const services = textAt(given, 'services') ?? 'local'
  return {
    origin: () => 'local services (instance.json)',
    layer: services === 'external' ? {} : readInstance(file),
    positionOf: () => ({ file }),
  }
}

function readInstance(file: string): Layer {
  try {
    // The file is ours; its values are checked by the settings schema like any other layer.
    return JSON.parse(readFileSync(file, 'utf8')) as Layer
  } catch {
    return {} // not started, or just being written: then nothing is known of it
  }
}

function parseSettings(
  sources: readonly Source[],
  problems: MillraceError[],
): Settings | undefined {
  const merged = mergeLayers(sources.map((source) => source.layer))
  // Once in a process: what zod would make of the schema as JavaScript takes longer to make than to do without.
  const parsed = settingsSchema.safeParse(merged, { jitless: true })
  for (const issue of parsed.error?.issues ?? []) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined]
    for (const key of keys) {
      const path = [...issue.path, ...(key === undefined ? [] : [key])]
      problems.push(settingProblem(sources, path, key, issue.message))
    }
  }
  return parsed.data
}

function settingProblem(
  sources: readonly Source[],
  keys: readonly PropertyKey[],
  unknownKey: string | undefined,
  reason: string,
): MillraceError {
  const path = keys.map(String).join('.')
  const source = sources.findLast(({ layer }) => valueAt(layer, path) !== undefined)
  const position = source?.positionOf?.(keys)
  const context = position === undefined ? {} : { at: position }
  if (unknownKey !== undefined) {
    const known = allSettings.map((setting) => setting.path)
    const groups = [...new Set(known.map((name) => name.split('.')[0] ?? name))]
    const close = nearest(path, [...known, ...groups])
    return problem('config/unknown-key', { path, nearest: close }, context)
  }
  const value = source === undefined ? undefined : valueAt(source.layer, path)
  const setBy = source === undefined ? '' : ` (set by ${source.origin(path)})`
  const shown =
    typeof value === 'string' || typeof value === 'number' ? { value: `${value}${setBy}` } : {}
  const secret = /password|secret|url$/.test(path)
  return problem('config/invalid-value', { path, reason, ...(secret ? {} : shown) }, context)
}

function originsOf(sources: readonly Source[]): Record<string, string> {
  return Object.fromEntries(
    allSettings.map(({ path }) => {
      const source = sources.findLast(({ layer }) => valueAt(layer, path) !== undefined)
      return [path, source?.origin(path) ?? 'default']
    }),
  )
}

function variableOf(path: string): string {
  return allSettings.find((setting) => setting.path === path)?.variable ?? path
}

function textAt(layer: Layer, path: string): string | undefined {
  const value = valueAt(layer, path)
  return typeof value === 'string' ? value : undefined
}

/**
 * The value of a setting this command cannot do without.
 * @throws `config/missing-value`, with the ways to give it
 */
export function requireSetting<Value>(
  config: Config,
  path: string,
  value: Value | undefined,
): Value {
  if (value !== undefined) return value
  const variable = variableOf(path)
  throw problem('config/missing-value', { path, variable, services: config.settings.services })
}
