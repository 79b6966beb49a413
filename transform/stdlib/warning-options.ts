/** What becomes of a warning: `warn_error` and `warn_error_options`, by the rules of dbt 1.12. */
import type { MillraceError } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { dbtWarnings } from './dbt-warnings.ts'

export type Treatment = 'error' | 'warn' | 'silence'

export type WarningOptions = {
  /** Names of warnings, or all of them. */
  readonly error: 'all' | readonly string[]
  readonly warn: readonly string[]
  readonly silence: readonly string[]
}

/** Tells of a flag by dbt's name in capitals. */
type Flags = (name: string) => unknown

/** All that dbt wants gone. */
const deprecations = 'Deprecations'

/** What a data test of severity `warn` is called when it finds rows. */
export const testWarning: readonly string[] = ['LogTestResult']

/** dbt's names of ours. What is deprecated carries its own in its message. */
const dbtNames: Readonly<Record<string, readonly string[]>> = {
  'model/no-nodes': ['NoNodesForSelectionCriteria'],
  'model/no-nodes-selected': ['NoNodesSelected'],
  'model/nothing-to-do': ['NothingToDo'],
  'model/template-warning': ['JinjaLogWarning'],
  'model/unknown-key': [
    ...['CustomKeyInObjectDeprecation', 'CustomKeyInConfigDeprecation'],
    ...['CustomTopLevelKeyDeprecation', deprecations],
  ],
  'model/unknown-ref': ['NodeNotFoundOrDisabled'],
  'model/unknown-source': ['NodeNotFoundOrDisabled'],
  'model/unknown-subject': ['NoNodeForYamlKey'],
  'model/unused-config-paths': ['UnusedResourceConfigPath'],
}

/** Every name that a warning answers to, the group that it belongs to last. */
export function warningNames({ code, message }: MillraceError): readonly string[] {
  const [own] = /^\w+(?=:)/.exec(message) ?? []
  if (code === 'model/deprecated-model') return [code, ...(own === undefined ? [] : [own])]
  if (code === 'model/deprecated') return [code, ...(own === undefined ? [] : [own]), deprecations]
  return [code, ...(dbtNames[code] ?? [])]
}

/** A name goes before the group, the group before `all`; among equals silence goes first, and error last. */
export function treatmentOf(names: readonly string[], flag: Flags): Treatment {
  const { error, warn, silence } = readWarningOptions(flag('WARN_ERROR_OPTIONS'))
  const isAll = flag('WARN_ERROR') === true || error === 'all'
  const own = names.filter((name) => name !== deprecations)
  const groups = names.filter((name) => name === deprecations)
  for (const asked of [own, groups]) {
    const among = (list: readonly string[]) => asked.some((name) => list.includes(name))
    if (among(silence)) return 'silence'
    if (among(warn)) return 'warn'
    if (error !== 'all' && among(error)) return 'error'
  }
  return isAll ? 'error' : 'warn'
}

export function saysNothing({ error, warn, silence }: WarningOptions): boolean {
  return error !== 'all' && [error, warn, silence].every((names) => names.length === 0)
}

/** Names in the options that no warning has. */
export function unknownWarnings(options: WarningOptions): string[] {
  const { error, warn, silence } = options
  const named = [...(error === 'all' ? [] : error), ...warn, ...silence]
  const isKnown = (name: string) =>
    name === deprecations || name.includes('/') || dbtWarnings.includes(name)
  return [...new Set(named.filter((name) => !isKnown(name)))]
}

/** Names that may be meant: dbt's. */
export const knownWarnings: readonly string[] = [deprecations, ...dbtWarnings]

/**
 * Of a map as dbt_project.yml or `--warn-error-options` has it; `include` and `exclude` are older names of `error` and
 * `warn`.
 * @throws `model/bad-warn-error-options`
 */
export function readWarningOptions(value: unknown): WarningOptions {
  if (value === undefined || value === null) return none
  if (typeof value !== 'object' || Array.isArray(value)) throw bad('it is not a map')
  const given = new Map<string, unknown>(Object.entries(value))
  for (const [old, name] of [
    ['include', 'error'],
    ['exclude', 'warn'],
  ] as const) {
    if (!given.has(old)) continue
    if (given.has(name)) throw bad(`it has both ${name} and ${old}, which is its older name`)
    given.set(name, given.get(old))
    given.delete(old)
  }
  const other = [...given.keys()].find((key) => !['error', 'warn', 'silence'].includes(key))
  if (other !== undefined) throw bad(`it knows error, warn and silence; not ${other}`)
  const error = given.get('error')
  const isAll = error === 'all' || error === '*'
  return {
    error: isAll ? 'all' : namesOf('error', error),
    warn: namesOf('warn', given.get('warn')),
    silence: namesOf('silence', given.get('silence')),
  }
}

const none: WarningOptions = { error: [], warn: [], silence: [] }

function namesOf(key: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  throw bad(`${key} is not a list of names${key === 'error' ? ', nor all' : ''}`)
}

function bad(reason: string): MillraceError {
  return problem('model/bad-warn-error-options', { reason })
}
