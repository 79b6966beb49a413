/** A call of dbt → the command line of Millrace that does the same, and what it leaves out. */
import type { DbtCommand } from './commands.ts'
import type { DbtOption } from './options.ts'
import type { DbtValue } from './parse-call.ts'

export type MillraceCall = {
  readonly argv: readonly string[]
  /** One sentence for each option that was given and is not acted on, where that makes a difference. */
  readonly warnings: readonly string[]
}

export type DbtRequest = {
  readonly command: DbtCommand
  readonly positionals: readonly string[]
  /** The command line before the environment. */
  readonly values: ReadonlyMap<string, DbtValue>
  /** Long options that the command of Millrace has. */
  readonly known: ReadonlySet<string>
}

/** Commands that select nodes; to the others these options mean nothing, in dbt neither. */
const selecting = /^(build|clone|compile|docs generate|ls|retry|run|seed|show|snapshot|source|test)/
const ofNodes = [
  ...['defer', 'defer-state', 'fail-fast', 'favor-state', 'indirect-selection', 'state'],
  ...['print', 'printer-width', 'version-check'],
]
/** Commands that read no profile. */
const unprofiled = /^(clean|deps|init|docs serve)$/
const ofProfiles = ['profile', 'profiles-dir', 'target', 'vars', 'target-path']

export function toMillrace({ command, positionals, values, known }: DbtRequest): MillraceCall {
  const argv = [...command.ours.split(' '), ...positionals]
  const warnings: string[] = []
  for (const [name, value] of translated(command, values)) {
    const option = command.options.find((one) => one.name === name)
    if (known.has(name)) argv.push(...written(name, value))
    else if (option !== undefined && changesSomething(option, value, command)) {
      warnings.push(`${spelled(option, value)} is not acted on; the command goes on without it.`)
    }
  }
  return { argv, warnings }
}

/** The few options that Millrace says in another way. */
function translated(
  { name }: DbtCommand,
  given: ReadonlyMap<string, DbtValue>,
): Map<string, DbtValue> {
  const values = new Map(given)
  const level = values.get('log-level') ?? (values.get('debug') === true ? 'debug' : undefined)
  values.delete('debug')
  if (level !== undefined) values.set('log-level', level === 'none' ? 'silent' : level)
  // What a command does is told at the level of information.
  if (level === 'warn' || level === 'error' || level === 'none') values.set('quiet', true)
  const format = values.get('log-format')
  if (format === 'default' || format === 'text') values.delete('log-format')
  const models = values.get('models')
  if (/^(ls|list)$/.test(name) && models !== undefined) {
    values.delete('models')
    values.set('select', models)
    values.set('resource-type', ['model'])
  }
  return values
}

function changesSomething(option: DbtOption, value: DbtValue, { ours }: DbtCommand): boolean {
  const { name, usual } = option
  // Quiet about what a command does; what it finds out is printed all the same, and other commands say little else.
  if (name === 'threads' || name === 'quiet') return false
  if (usual === 'any' || usual === String(value)) return false
  if (ofNodes.includes(name) && !selecting.test(ours)) return false
  return !(ofProfiles.includes(name) && unprofiled.test(ours))
}

function written(name: string, value: DbtValue): string[] {
  if (value === true) return [`--${name}`]
  if (value === false) return [`--no-${name}`]
  return typeof value === 'string' ? [`--${name}=${value}`] : [`--${name}`, ...value]
}

function spelled({ name, spellings }: DbtOption, value: DbtValue): string {
  if (value === false) return `--no-${name}`
  return spellings.find((one) => one.startsWith('--')) ?? `--${name}`
}
