/** Options that several commands share, defined once. */
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs'
import { findProject } from './find-project.ts'

const projectDirOption = {
  type: 'string',
  // Asked only where a command line is parsed.
  get default() {
    return findProject()
  },
  defaultDescription: 'the nearest, here or above, with dbt_project.yml or millrace.yml',
  describe: 'Folder of the project',
  requiresArg: true,
} as const satisfies Options

const targetOption = {
  type: 'string',
  alias: 't',
  describe: 'Target of millrace.yml, or of the profile where a dbt profile is used',
  requiresArg: true,
} as const satisfies Options

/** How a result is printed; a terminal gets a table and a pipe NDJSON unless it is said. */
export const formatOption = {
  type: 'string',
  choices: ['table', 'csv', 'json', 'ndjson'],
  describe: 'How to print the result (default: table on a terminal, ndjson in a pipe)',
  requiresArg: true,
} as const satisfies Options

/**
 * For a command with an option that can be given several times (`duplicate-arguments-array`): a middleware after which
 * of every other option the last one counts, as it does elsewhere.
 */
export function lastOfOthers(several: string) {
  return (args: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(args)) {
      if (Array.isArray(value) && name !== several && name !== '_') args[name] = value.at(-1)
    }
  }
}

const logLevelOption = {
  type: 'string',
  choices: ['silent', 'error', 'warn', 'info', 'debug'],
  describe: 'Least severe log line on stderr',
  requiresArg: true,
} as const satisfies Options

/** Options of every command. */
export const globalOptions = {
  'project-dir': projectDirOption,
  target: targetOption,
  'log-level': logLevelOption,
} as const

/** The options of every command, as yargs types them. */
export type GlobalOptions = InferredOptionTypes<typeof globalOptions>

/** The same, as a handler gets them. */
export type GlobalArguments = Pick<
  ArgumentsCamelCase<GlobalOptions>,
  'projectDir' | 'target' | 'logLevel'
>
