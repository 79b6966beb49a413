/** What a parse is given, watched: which variables of the environment it reads, and whether it looks at the clock. */
import { hash } from 'node:crypto'
import type { CompileInputs } from '../compile/inputs.ts'
import { AskStore, type StoredAsks } from './ask-store.ts'

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

export type Recorded = {
  readonly inputs: CompileInputs
  readonly reads: () => Reads
  readonly asks: AskStore
}

/**
 * The same inputs, and what has been read of them.
 * @param stored what templates asked for at the last parse
 */
export function recordInputs(inputs: CompileInputs, stored: StoredAsks | undefined): Recorded {
  const environment = new Map<string, string | undefined>()
  const names = new Set<string>()
  let asks: AskStore | undefined
  const watched = new Proxy(inputs.environment, {
    get: (variables, name) => {
      if (typeof name !== 'string') return undefined
      environment.set(name, hashed(variables[name]))
      asks?.environment(name)
      return variables[name]
    },
    // Whoever walks them all looks for these.
    ownKeys: (variables) => Object.keys(variables).filter((name) => name.startsWith(copiedPrefix)),
  })
  asks = new AskStore(stored, { ...inputs, environment: watched })
  const noteName = (name: string) => {
    names.add(name)
    asks?.name(name)
  }
  return {
    asks,
    inputs: { ...inputs, environment: watched, noteName, asks },
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
