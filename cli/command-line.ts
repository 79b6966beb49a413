/** Parses arguments, runs one command, turns what is thrown into a message and an exit code. */
import yargs, { type ArgumentsCamelCase, type Argv } from 'yargs'
import { problem } from '../core/problems.ts'
import { explainArguments, explainNumbers } from './bad-arguments.ts'
import type { Command, Subcommands } from './command.ts'
import { explainProjectDir } from './find-project.ts'
import { type GlobalOptions, globalOptions } from './options.ts'
import { printError } from './print-error.ts'
import { version } from './release.ts'

/** Each command is loaded only when it is called or when help lists it. */
const commands = {
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  build: async () => (await import('./commands/build.ts')).buildCommand,
  clean: async () => (await import('./commands/clean.ts')).cleanCommand,
  clone: async () => (await import('./commands/clone.ts')).cloneCommand,
  compile: async () => (await import('./commands/compile.ts')).compileCommand,
  config: async () => (await import('./commands/config.ts')).configCommand,
  debug: async () => (await import('./commands/debug.ts')).debugCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  deps: async () => (await import('./commands/deps.ts')).depsCommand,
  docs: async () => (await import('./commands/docs.ts')).docsCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  down: async () => (await import('./commands/down.ts')).downCommand,
  features: async () => (await import('./commands/features.ts')).featuresCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  init: async () => (await import('./commands/init.ts')).initCommand,
  keys: async () => (await import('./commands/keys.ts')).keysCommand,
  land: async () => (await import('./commands/land.ts')).landCommand,
  list: async () => ({ ...(await import('./commands/ls.ts')).lsCommand, command: 'list' }),
  'list-selection': async () => (await import('./commands/list-selection.ts')).listSelectionCommand,
  logs: async () => (await import('./commands/logs.ts')).logsCommand,
  ls: async () => (await import('./commands/ls.ts')).lsCommand,
  maintain: async () => (await import('./commands/maintain.ts')).maintainCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  ml: async () => (await import('./commands/ml.ts')).mlCommand,
  parse: async () => (await import('./commands/parse.ts')).parseCommand,
  produce: async () => (await import('./commands/produce.ts')).produceCommand,
  publish: async () => (await import('./commands/publish.ts')).publishCommand,
  register: async () => (await import('./commands/register.ts')).registerCommand,
  retry: async () => (await import('./commands/retry.ts')).retryCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  'run-operation': async () => (await import('./commands/run-operation.ts')).runOperationCommand,
  runs: async () => (await import('./commands/runs.ts')).runsCommand,
  seed: async () => (await import('./commands/seed.ts')).seedCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  setup: async () => (await import('./commands/setup.ts')).setupCommand,
  show: async () => (await import('./commands/show.ts')).showCommand,
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshotCommand,
  source: async () => (await import('./commands/source.ts')).sourceCommand,
  sql: async () => (await import('./commands/sql.ts')).sqlCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  test: async () => (await import('./commands/test.ts')).testCommand,
  topics: async () => (await import('./commands/topics.ts')).topicsCommand,
  up: async () => (await import('./commands/up.ts')).upCommand,
  watch: async () => (await import('./commands/watch.ts')).watchCommand,
}

/** Runs `millrace <argv>`; returns its exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    return await parse(argv)
  } catch (error) {
    return printError(error, isDebugging(argv))
  }
}

/** The long options of a command, or undefined when there is no such command. */
export async function commandOptions(name: string): Promise<ReadonlySet<string> | undefined> {
  const load = Object.entries(commands).find(([one]) => one === name)?.[1]
  if (load === undefined) return undefined
  const { builder } = await load()
  return new Set(longOptions(builder(yargs([]).options(globalOptions))))
}

/** Whether causes are to be printed too. */
export function isDebugging(argv: readonly string[]): boolean {
  const asked = argv.some(
    (text, index) =>
      text === '--log-level=debug' || (text === 'debug' && argv[index - 1] === '--log-level'),
  )
  return asked || process.env['MILLRACE_LOG_LEVEL'] === 'debug'
}

async function parse(argv: readonly string[]): Promise<number> {
  const loaders = findLoaders(argv)
  const [name = ''] = argv
  let run: Run | undefined
  let known = Object.keys(commands)
  let parser: Argv<GlobalOptions> = yargs([...argv])
    .scriptName('millrace')
    .usage('$0 <command>\n\nKafka to Parquet, SQL to tables, tables to PostgreSQL and HTTP.')
    .options(globalOptions)
    .detectLocale(false) // explainArguments reads its messages
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .version(version())
    .alias('h', 'help')
    .strictCommands()
    .strict()
    .demandCommand(1, 'Name a command.')
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      if (typeof message !== 'string') throw error // thrown by a handler, not by yargs
      const options = longOptions(parser)
      const reason = explainArguments(message, { commands: known, options })
      const called = argv[1] !== undefined && known.includes(argv[1]) ? `${name} ${argv[1]}` : name
      throw problem('cli/bad-arguments', { reason, command: helpFor(called) })
    })
  for (const load of loaders) {
    // Each command was checked where it is defined; their union has no type that yargs could infer.
    const command = (await load()) as unknown as Command<GlobalOptions>
    const choose = (chosen: Run) => {
      run = chosen
      throw leaveParser
    }
    const { subcommands } = command
    if (subcommands === undefined) {
      parser = addCommand(parser, command, choose)
      continue
    }
    parser = addCommand(
      parser,
      withSubcommands(command, await loadSubcommands(subcommands, argv), choose),
      choose,
    )
    if (nameOf(command) === name) known = Object.keys(subcommands)
  }
  try {
    await parser.parseAsync()
  } catch (error) {
    if (error !== leaveParser) throw error
  }
  return (await run?.()) ?? 0
}

type Run = () => Promise<number | undefined>

/** Behind a handler yargs lays out the help, asked for or not, which takes longer than many a command. */
const leaveParser = new Error('the command is known')

/** The command that is called, all that it may be, or every one for the help. */
function findLoaders(argv: readonly string[]) {
  const [first = ''] = argv
  if (first === '--version') return []
  const named = Object.entries(commands).filter(([name]) => argv.includes(name))
  // What follows an option may be its value: `--target run ls` names two.
  const called = named.filter(([name]) => name === first)
  const chosen = [called, named, Object.entries(commands)].find((some) => some.length > 0) ?? []
  return chosen.map(([, load]) => load)
}

/** Those below a command that the command line may mean. */
async function loadSubcommands(
  subcommands: Subcommands,
  argv: readonly string[],
): Promise<readonly Command<GlobalOptions>[]> {
  const named = Object.entries(subcommands).filter(([name]) => argv.includes(name))
  const chosen = named.length > 0 ? named : Object.entries(subcommands)
  // As the commands above them.
  return (await Promise.all(chosen.map(([, load]) => load()))) as Command<GlobalOptions>[]
}

function withSubcommands(
  command: Command<GlobalOptions>,
  below: readonly Command<GlobalOptions>[],
  choose: (run: Run) => never,
): Command<GlobalOptions> {
  const builder: Command<GlobalOptions>['builder'] = (yargs) =>
    below
      .reduce(
        (parser, one) => addCommand(parser, one, choose, `${nameOf(command)} ${nameOf(one)}`),
        command.builder(yargs),
      )
      .demandCommand(1, 'Name a command.')
  return { ...command, builder }
}

function addCommand<Arguments>(
  parser: Argv<GlobalOptions>,
  command: Command<Arguments>,
  choose: (run: Run) => never,
  name = nameOf(command),
): Argv<GlobalOptions> {
  const { command: usage, describe, builder, handler } = command
  return parser.command(usage, describe, builder, (args: ArgumentsCamelCase<Arguments>) => {
    const reason = explainNumbers(args) ?? explainProjectDir(args['projectDir'])
    if (reason !== undefined) throw problem('cli/bad-arguments', { reason, command: helpFor(name) })
    choose(() => handler(args))
  })
}

function nameOf({ command }: { readonly command: string }): string {
  return command.split(' ')[0] ?? ''
}

function helpFor(name: string): string {
  return (name.split(' ')[0] ?? '') in commands ? `millrace ${name}` : 'millrace'
}

/** Of the command that is being parsed; the types of yargs leave `getOptions` out. */
function longOptions(parser: object): string[] {
  if (!('getOptions' in parser) || typeof parser.getOptions !== 'function') return []
  const options: { readonly key?: object } = parser.getOptions()
  return Object.keys(options.key ?? {}).filter((name) => name.length > 1 && !/[A-Z]/.test(name))
}
