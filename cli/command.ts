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
  /** Commands below it, by name, each loaded only when it is called or when help lists it. It does nothing by itself then. */
  readonly subcommands?: Subcommands
  /** Calls a floor, prints the result; returns the exit code, 0 when it returns nothing. */
  readonly handler: (args: ArgumentsCamelCase<Arguments>) => Promise<number | undefined>
}

/** Each was checked where it is defined; their union has no type that yargs could infer. */
export type Subcommands = Readonly<Record<string, () => Promise<object>>>

/** Only for the types: names the arguments once, from the builder. */
export function defineCommand<Arguments>(command: Command<Arguments>): Command<Arguments> {
  return command
}
