/** `millrace sql`: ad hoc DuckDB over what was built. */
import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import type { LakeOptions } from '../../core/clients/lake/attach.ts'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { defineCommand } from '../command.ts'
import { withInterrupt } from '../interrupt.ts'
import { outputFormat } from '../output.ts'
import { profileOptions } from '../runner/options.ts'
import { findPlace } from '../runner/run-context.ts'
import type { SqlFormat } from '../sql/run-statements.ts'

export const sqlCommand = defineCommand({
  command: 'sql [statement]',
  describe: 'Query what was built with DuckDB SQL; without a statement, a prompt',
  builder: (yargs) =>
    yargs
      .options(profileOptions)
      .positional('statement', {
        type: 'string',
        describe: 'One or more statements, separated by semicolons',
      })
      .option('file', {
        type: 'string',
        describe: 'Read the statements from a file',
        requiresArg: true,
      })
      .option('write', { type: 'boolean', default: false, describe: 'Allow statements that write' })
      .option('at', {
        type: 'string',
        describe: 'The lake as it was: a snapshot id or a time (ISO 8601, UTC)',
        requiresArg: true,
      })
      .option('format', {
        type: 'string',
        choices: ['table', 'csv', 'json', 'ndjson', 'parquet'] as const,
        describe:
          'How to print rows (default: by the name of --output, else table on a terminal, ndjson in a pipe)',
        requiresArg: true,
      })
      .option('output', {
        type: 'string',
        describe: 'Write the rows of the last statement to a file',
        requiresArg: true,
      })
      .option('limit-display', {
        type: 'number',
        describe: 'Rows of a table to show (default: 40 on a terminal, all elsewhere)',
        requiresArg: true,
      })
      .option('attach-command', {
        type: 'boolean',
        default: false,
        describe: 'Print what attaches the database in a stock DuckDB shell; may hold credentials',
      })
      .example('$0 sql "from marts.users limit 5"', 'five users')
      .example('$0 sql --output users.parquet "from marts.users"', 'all of them as Parquet'),
  handler: async (args) => {
    const place = await findPlace(args)
    if (args.attachCommand) {
      const { attachCommand } = await import('../sql/attach-command.ts')
      process.stderr.write(
        '-- These lines may hold credentials: keep them out of logs and version control.\n',
      )
      process.stdout.write(await attachCommand(place, { readOnly: !args.write }))
      return 0
    }
    const format = args.format ?? formatOfFile(args.output) ?? outputFormat(undefined)
    const options = { write: args.write, at: parseAt(args.at, args.write) }
    const print = { output: args.output, displayLimit: parseLimit(args.limitDisplay) }
    const given = await readStatements(args.statement, args.file)
    const { openSession } = await import('../sql/open-session.ts')
    if (given === undefined) {
      const { runPrompt } = await import('../sql/prompt.ts')
      await using session = await openSession(place, options)
      const shown = { ...print, format: args.format ?? 'table' }
      await runPrompt({ session, stateDir: place.config.stateDir, print: shown, write: args.write })
      return 0
    }
    const { splitStatements } = await import('../sql/split-statements.ts')
    const { runStatements } = await import('../sql/run-statements.ts')
    const statements = splitStatements(given)
    if (statements.length === 0) throw badArguments('There is no statement to run.')
    return await withInterrupt(async (signal) => {
      await using session = await openSession(place, options)
      signal.addEventListener('abort', () => session.interrupt(), { once: true })
      if (signal.aborted) session.interrupt()
      await runStatements(session, statements, { ...print, format })
      return 0
    })
  },
})

/** The text to run, or undefined for a prompt. */
async function readStatements(
  statement: string | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  if (statement !== undefined && file !== undefined) {
    throw badArguments('Give either a statement or --file, not both.')
  }
  if (statement !== undefined) return statement
  if (file !== undefined && file !== '-') {
    try {
      return await readFile(file, 'utf8')
    } catch (cause) {
      throw problem('cli/cannot-read', { file, reason: messageOf(cause) }, { cause })
    }
  }
  return process.stdin.isTTY && file === undefined ? undefined : await readAll(process.stdin)
}

function parseAt(text: string | undefined, write: boolean): LakeOptions['at'] {
  if (text === undefined) return undefined
  if (write) throw badArguments('--at shows the past, which cannot be written; leave out --write.')
  if (/^\d+$/.test(text)) return { snapshot: Number(text) }
  if (Number.isNaN(Date.parse(text))) {
    throw badArguments(`--at takes a snapshot id or a time like 2024-11-25T12:00:00Z, not ${text}.`)
  }
  return { time: text }
}

function parseLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 0)) return limit
  throw badArguments('--limit-display takes a whole number, 0 or more.')
}

function formatOfFile(output: string | undefined): SqlFormat | undefined {
  switch (output?.split('.').at(-1)?.toLowerCase()) {
    case 'csv':
      return 'csv'
    case 'json':
      return 'json'
    case 'ndjson':
    case 'jsonl':
      return 'ndjson'
    case 'parquet':
      return 'parquet'
    default:
      return undefined
  }
}

function badArguments(reason: string): Error {
  return problem('cli/bad-arguments', { reason, command: 'millrace sql' })
}
