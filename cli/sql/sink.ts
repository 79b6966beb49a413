/** Where results go: stdout, which may be closed early by `| head`, or a file that appears when it is whole. */
import { createReadStream, createWriteStream } from 'node:fs'
import { access, constants, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { isOutOfSpace } from '../../core/clients/duckdb.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'

/** Thrown inside when the reader of a pipe has gone; it is no error. */
export class ReaderGone extends Error {}

/**
 * Writes pieces as fast as they are taken.
 * @throws ReaderGone when the other end of a pipe is closed; `cli/cannot-write`, `lake/out-of-space`
 */
export async function writePieces(
  stream: Writable,
  pieces: AsyncIterable<string>,
  where = 'stdout',
): Promise<void> {
  let failure: unknown
  const onError = (error: unknown) => {
    failure = error
  }
  stream.on('error', onError) // and stays: a write that is still under way may fail later
  for await (const piece of pieces) {
    // A file that could not be opened has failed by now, and would never drain.
    if (failure !== undefined || stream.destroyed) break
    if (!stream.write(piece)) await drained(stream)
  }
  // Until the last piece is out; only then is a full disk or a closed pipe known.
  if (!stream.destroyed) await new Promise((resolve) => stream.write('', resolve))
  if (failure !== undefined) throw explainWriteError(failure, where)
}

/** Writes a file beside the one asked for and renames it, so that nobody finds a half one. */
export async function writeFileWhole(
  file: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  // A device or a pipe cannot be renamed onto.
  if (file.startsWith('/dev/')) return await explained(file, () => write(file))
  const partial = `${file}.${process.pid}.partial`
  try {
    await explained(file, async () => {
      await write(partial)
      await rename(partial, file)
    })
  } finally {
    await rm(partial, { force: true })
  }
}

/** Writes pieces into a new file. */
export async function writeTextFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const stream = createWriteStream(file)
  const ended = finished(stream)
  ended.catch(() => {}) // reported by writePieces, or by the await below
  await writePieces(stream, pieces, file)
  stream.end()
  await ended
}

/** Refuses a folder that cannot be written to, before a query has run for an hour. @throws `cli/cannot-write` */
export async function assertWritable(file: string): Promise<void> {
  await explained(file, () => access(dirname(file), constants.W_OK))
}

/** Copies a finished file to stdout. */
export async function copyToStdout(file: string): Promise<void> {
  try {
    await pipeline(createReadStream(file), process.stdout, { end: false })
  } catch (error) {
    throw explainWriteError(error, 'stdout')
  }
}

async function explained(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw error instanceof Error && 'code' in error && !(error instanceof MillraceError)
      ? explainWriteError(error, file)
      : error
  }
}

function explainWriteError(error: unknown, where: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EPIPE') return new ReaderGone()
  if (error instanceof ReaderGone || error instanceof MillraceError) return error
  const reason = messageOf(error)
  if (code === 'ENOSPC' || isOutOfSpace(error)) {
    return problem('lake/out-of-space', { where, reason }, { cause: error })
  }
  return problem('cli/cannot-write', { file: where, reason }, { cause: error })
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('error', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('error', done)
    stream.on('close', done)
  })
}
