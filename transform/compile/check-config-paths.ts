/** Configs of dbt_project.yml for folders, packages or names that are not there. */
import type { MillraceError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { problem } from '../../core/problems.ts'
import type { Config, ConfigKind, ProjectSettings } from '../project/project.ts'
import type { SelectableNode } from './graph.ts'

type Resource = Pick<SelectableNode, 'kind' | 'fqn'>

/** Which resources the configs under a key are for, and how dbt spells the key; of analyses it does not ask. */
const checked = [
  ['models', 'models', 'model'],
  ['seeds', 'seeds', 'seed'],
  ['snapshots', 'snapshots', 'snapshot'],
  ['sources', 'sources', 'source'],
  ['tests', 'data_tests', 'test'],
  ['unitTests', 'unit_tests', 'unit_test'],
  ['metrics', 'metrics', 'metric'],
  ['semanticModels', 'semantic_models', 'semantic_model'],
  ['savedQueries', 'saved_queries', 'saved_query'],
  ['exposures', 'exposures', 'exposure'],
  ['functions', 'functions', 'function'],
] as const satisfies readonly (readonly [ConfigKind, string, SelectableNode['kind']])[]

/**
 * One warning of all paths that apply to nothing, as dbt gives it. A path is used when the fqn of a resource of its
 * kind begins with it, or that of a disabled resource of any kind.
 */
export function findUnusedConfigPaths(
  { configs, file }: Pick<ProjectSettings, 'configs' | 'file'>,
  enabled: readonly Resource[],
  disabled: readonly Resource[],
): MillraceError[] {
  const unused = checked.flatMap(([key, word, kind]) => {
    const paths = configPaths(configs[key])
    if (paths.length === 0) return []
    const fqns = [...enabled.filter((node) => node.kind === kind), ...disabled].map(
      ({ fqn }) => fqn,
    )
    return paths
      .filter((path) => !fqns.some((fqn) => startsWith(fqn, path)))
      .map((path) => [word, ...path].join('.') + hintFor(path, fqns))
  })
  if (unused.length === 0) return []
  return [problem('model/unused-config-paths', { paths: unused }, { at: { file } })]
}

/** Where something is said: a key with `+`, or one that holds no map. */
function configPaths(config: Config, path: readonly string[] = []): (readonly string[])[] {
  const inner: (readonly string[])[] = []
  let saysSomething = false
  for (const [key, value] of Object.entries(config)) {
    if (isConfig(value) && !key.startsWith('+')) inner.push(...configPaths(value, [...path, key]))
    else saysSomething = true
  }
  return saysSomething ? [path, ...inner] : inner
}

function startsWith(fqn: readonly string[], path: readonly string[]): boolean {
  return path.length <= fqn.length && path.every((name, index) => name === fqn[index])
}

/** The nearest name in the same place. */
function hintFor(path: readonly string[], fqns: readonly (readonly string[])[]): string {
  const parent = path.slice(0, -1)
  const beside = fqns
    .filter((fqn) => startsWith(fqn, parent))
    .flatMap((fqn) => fqn[parent.length] ?? [])
  const near = nearest(path.at(-1) ?? '', beside)
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
