/** What a file in `cli/commands/` exports. */
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { GlobalOptions } from './options.ts'

export type Command<Arguments> = {
  /** Name and positionals, as in `up` or `logs <service>`. */
  readonly command: string
  /** One line, for `millrace --help`. */
  readonly describe: string
  /** Options and one real `.example()`. */
  readonly builder: (yargs: Argv<GlobalOptions>) => Argv<Arguments>
  /** Calls a floor, prints the result; returns the exit code, 0 when it returns nothing. */
  readonly handler: (args: ArgumentsCamelCase<Arguments>) => Promise<number | undefined>
}

/** Only for the types: names the arguments once, from the builder. */
export function defineCommand<Arguments>(command: Command<Arguments>): Command<Arguments> {
  return command
}
