/** Runs a text of statements and prints what they give. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { problem } from '../../core/problems.ts'
import { renderResult, type TextFormat } from './render-result.ts'
import type { Session } from './session.ts'
import {
  assertWritable,
  copyToStdout,
  ReaderGone,
  writeFileWhole,
  writePieces,
  writeTextFile,
} from './sink.ts'
import type { Statement } from './split-statements.ts'

export type SqlFormat = TextFormat | 'parquet'

export type PrintOptions = {
  readonly format: SqlFormat
  /** A file; without it stdout. */
  readonly output?: string | undefined
  /** Instead of stdout. */
  readonly stream?: Writable
  /** Rows of a table that are shown. */
  readonly displayLimit?: number | undefined
}

/**
 * Runs the statements in order. Tables and NDJSON print every result; CSV, JSON and Parquet hold one, that
 * of the last statement, because two would not be one readable file.
 */
export async function runStatements(
  session: Session,
  statements: readonly Statement[],
  options: PrintOptions,
): Promise<void> {
  if (options.output !== undefined) await assertWritable(options.output)
  try {
    for (const [index, statement] of statements.entries()) {
      const isLast = index === statements.length - 1
      const silent = !isLast && options.format !== 'table' && options.format !== 'ndjson'
      if (silent || (!isLast && options.output !== undefined)) await runSilently(session, statement)
      else await runAndPrint(session, statement, options)
    }
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error
    session.interrupt()
  }
}

/** Runs one statement and prints its rows. @throws as `Session.run`, and ReaderGone */
export async function runAndPrint(
  session: Session,
  statement: Statement,
  options: PrintOptions,
): Promise<void> {
  const { format, output } = options
  if (format === 'parquet') return await printParquet(session, statement, output)
  const outcome = await session.run(statement)
  if (outcome.kind === 'changed') {
    const { rowCount } = outcome
    process.stderr.write(`${rowCount} ${rowCount === 1n ? 'row' : 'rows'} changed\n`)
  }
  if (outcome.kind !== 'rows') return
  const { isTTY, columns } = process.stdout
  const onTerminal = isTTY && output === undefined
  const pieces = renderResult(outcome.rows, format, {
    displayLimit: options.displayLimit ?? (onTerminal ? 40 : undefined),
    width: onTerminal ? columns : undefined,
    footer: onTerminal,
  })
  if (output === undefined) await writePieces(options.stream ?? process.stdout, pieces)
  else await writeFileWhole(output, (file) => writeTextFile(file, pieces))
}

async function runSilently(session: Session, statement: Statement): Promise<void> {
  const outcome = await session.run(statement)
  if (outcome.kind !== 'rows') return
  // Read to the end: rows are computed while they are read, and an error may come with the last.
  while ((await outcome.rows.next()) !== undefined);
}

async function printParquet(
  session: Session,
  statement: Statement,
  output: string | undefined,
): Promise<void> {
  if (output !== undefined) {
    return await writeFileWhole(output, (file) => session.writeParquet(statement, file))
  }
  if (process.stdout.isTTY) {
    const reason = 'Parquet is binary and would garble the terminal.'
    throw problem('cli/bad-arguments', {
      reason: `${reason} Give --output <file>, or redirect stdout.`,
      command: 'millrace sql',
    })
  }
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sql-'))
  try {
    const file = join(directory, 'result.parquet')
    await session.writeParquet(statement, file)
    await copyToStdout(file)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
