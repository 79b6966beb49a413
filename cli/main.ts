#!/usr/bin/env node
/** The `millrace` command: parses arguments, runs one command, turns what is thrown into a message and an exit code. */
import './thread-pool.ts'
import { readFileSync } from 'node:fs'
import yargs, { type ArgumentsCamelCase, type Argv } from 'yargs'
import { problem } from '../core/problems.ts'
import { explainArguments, explainNumbers } from './bad-arguments.ts'
import type { Command } from './command.ts'
import { type GlobalOptions, globalOptions } from './options.ts'
import { printError } from './print-error.ts'

/** Each command is loaded only when it is called or when help lists it. */
const commands = {
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  build: async () => (await import('./commands/build.ts')).buildCommand,
  compile: async () => (await import('./commands/compile.ts')).compileCommand,
  config: async () => (await import('./commands/config.ts')).configCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  down: async () => (await import('./commands/down.ts')).downCommand,
  land: async () => (await import('./commands/land.ts')).landCommand,
  logs: async () => (await import('./commands/logs.ts')).logsCommand,
  ls: async () => (await import('./commands/ls.ts')).lsCommand,
  maintain: async () => (await import('./commands/maintain.ts')).maintainCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  produce: async () => (await import('./commands/produce.ts')).produceCommand,
  publish: async () => (await import('./commands/publish.ts')).publishCommand,
  register: async () => (await import('./commands/register.ts')).registerCommand,
  run: async () => (await import('./commands/run.ts')).runCommand,
  seed: async () => (await import('./commands/seed.ts')).seedCommand,
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  setup: async () => (await import('./commands/setup.ts')).setupCommand,
  sql: async () => (await import('./commands/sql.ts')).sqlCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  test: async () => (await import('./commands/test.ts')).testCommand,
  topics: async () => (await import('./commands/topics.ts')).topicsCommand,
  up: async () => (await import('./commands/up.ts')).upCommand,
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await parse(argv)
  } catch (error) {
    return printError(error, isDebugging(argv))
  }
}

function isDebugging(argv: readonly string[]): boolean {
  const asked = argv.some(
    (text, index) =>
      text === '--log-level=debug' || (text === 'debug' && argv[index - 1] === '--log-level'),
  )
  return asked || process.env['MILLRACE_LOG_LEVEL'] === 'debug'
}

async function parse(argv: readonly string[]): Promise<number> {
  const [name = ''] = argv // what follows an option may be its value: then all are loaded
  const loaders = Object.entries(commands)
  const called = loaders.filter(([command]) => command === name)
  let exitCode = 0
  let parser: Argv<GlobalOptions> = yargs([...argv])
    .scriptName('millrace')
    .usage('$0 <command>\n\nKafka to Parquet, SQL to tables, tables to PostgreSQL and HTTP.')
    .options(globalOptions)
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
      const reason = explainArguments(message, { commands: Object.keys(commands), options })
      throw problem('cli/bad-arguments', { reason, command: helpFor(name) })
    })
  for (const [, load] of called.length > 0 ? called : loaders) {
    // Each command was checked where it is defined; their union has no type that yargs could infer.
    const command = (await load()) as unknown as Command<GlobalOptions>
    parser = addCommand(parser, command, (code) => {
      exitCode = code
    })
  }
  await parser.parseAsync()
  return exitCode
}

function addCommand<Arguments>(
  parser: Argv<GlobalOptions>,
  command: Command<Arguments>,
  finish: (exitCode: number) => void,
): Argv<GlobalOptions> {
  const { command: usage, describe, builder, handler } = command
  return parser.command(usage, describe, builder, async (args: ArgumentsCamelCase<Arguments>) => {
    const reason = explainNumbers(args)
    if (reason !== undefined) {
      throw problem('cli/bad-arguments', { reason, command: helpFor(usage.split(' ')[0] ?? '') })
    }
    finish((await handler(args)) ?? 0)
  })
}

function helpFor(name: string): string {
  return name in commands ? `millrace ${name}` : 'millrace'
}

/** Of the command that is being parsed; the types of yargs leave `getOptions` out. */
function longOptions(parser: object): string[] {
  if (!('getOptions' in parser) || typeof parser.getOptions !== 'function') return []
  const options: { readonly key?: object } = parser.getOptions()
  return Object.keys(options.key ?? {}).filter((name) => name.length > 1 && !/[A-Z]/.test(name))
}

function version(): string {
  const place = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json'
  const text = readFileSync(new URL(place, import.meta.url), 'utf8')
  const found: unknown = JSON.parse(text)
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : ''
}

/** `millrace … | head` closes the pipe early, which is no failure; a full disk behind `>` is one. */
function onStdoutError(cause: NodeJS.ErrnoException): void {
  if (cause.code === 'EPIPE') return
  const reason = cause.message
  const error =
    cause.code === 'ENOSPC'
      ? problem('lake/out-of-space', { where: 'where stdout goes', reason }, { cause })
      : problem('cli/cannot-write', { file: 'stdout', reason }, { cause })
  process.exit(printError(error, false)) // nothing can be printed any more
}

/** The demo starts us with a channel; when it was killed nobody waits for us, as after Ctrl-C. */
function stopWithParent(): void {
  if (process.channel === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGINT'))
  process.channel.unref()
}

stopWithParent()
process.stdout.on('error', onStdoutError)
// Node itself would print it with whatever it holds, and end with 1: a failed model.
process.on('uncaughtException', (error) =>
  process.exit(printError(error, isDebugging(process.argv))),
)
process.exitCode = await main(process.argv.slice(2))
