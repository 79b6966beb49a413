/** What a parse is given, watched: which variables of the environment it reads, and whether it looks at the clock. */
import { hash } from 'node:crypto'
import type { CompileInputs } from '../compile/inputs.ts'

/** Names whose values differ from one run to the next, whatever else stays the same. */
const volatileNames = ['invocation_id', 'run_started_at', 'modules']
/** Names that tell the flags of the command. */
const flagNames = ['flags', 'invocation_args_dict']
/** dbt copies these into its artifacts, whoever asks. */
const copiedPrefix = 'DBT_ENV_CUSTOM_ENV_'

export type Reads = {
  /** Variables of the environment by name, hashed: they may be secrets. Undefined for one that was not set. */
  readonly environment: ReadonlyMap<string, string | undefined>
  readonly flags: boolean
  /** Whether something was read that no other run will find as it was. */
  readonly isVolatile: boolean
}

export type Recorded = { readonly inputs: CompileInputs; readonly reads: () => Reads }

/** The same inputs, and what has been read of them. */
export function recordInputs(inputs: CompileInputs): Recorded {
  const environment = new Map<string, string | undefined>()
  const names = new Set<string>()
  const watched = new Proxy(inputs.environment, {
    get: (variables, name) => {
      if (typeof name !== 'string') return undefined
      environment.set(name, hashed(variables[name]))
      return variables[name]
    },
    // Whoever walks them all looks for these.
    ownKeys: (variables) => Object.keys(variables).filter((name) => name.startsWith(copiedPrefix)),
  })
  return {
    inputs: { ...inputs, environment: watched, noteName: (name) => names.add(name) },
    reads: () => ({
      environment,
      flags: flagNames.some((name) => names.has(name)),
      isVolatile: volatileNames.some((name) => names.has(name)),
    }),
  }
}

/** All that a parse depends on beside files, environment and clock, as a hash. */
export function keyOf(root: string, inputs: CompileInputs, withFlags: boolean): string {
  const { environment, startedAt: _started, invocationId: _id, ...rest } = inputs
  const copied = Object.keys(environment).filter((name) => name.startsWith(copiedPrefix))
  const given = {
    ...rest,
    ...('flags' in rest && !withFlags ? { flags: undefined } : {}),
    copied: copied.sort().map((name) => [name, environment[name]]),
  }
  // Functions are left out, and so are values that are undefined.
  const text = JSON.stringify([root, given], (_, value: unknown) =>
    isPlain(value) ? Object.fromEntries(Object.entries(value).sort()) : value,
  )
  return hash('sha256', text)
}

function hashed(value: string | undefined): string | undefined {
  return value === undefined ? undefined : hash('sha256', value)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether the environment holds what was read of it. */
export function isSameEnvironment(
  environment: CompileInputs['environment'],
  read: Reads['environment'],
): boolean {
  return [...read].every(([name, value]) => hashed(environment[name]) === value)
}
