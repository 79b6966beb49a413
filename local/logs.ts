/** Reads the log files of the services. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { problem } from '../core/problems.ts'
import { isMissing } from './json-file.ts'

const chunkBytes = 64 * 1024
const pollMs = 200

/**
 * The last lines of a log.
 * @returns the text, ending where `end` (a position in bytes) is
 * @throws `services/no-log`
 */
export function lastLogLines(
  file: string,
  count: number,
): { readonly text: string; readonly end: number } {
  const end = sizeOf(file)
  if (end === undefined) throw problem('services/no-log', { file })
  // Read backwards: a log may be large and the end is wanted.
  let text = Buffer.alloc(0)
  let start = end
  while (start > 0 && lineCount(text) <= count) {
    const from = Math.max(0, start - chunkBytes)
    text = Buffer.concat([readRange(file, from, start), text])
    start = from
  }
  const lines = text.toString('utf8').split('\n')
  const kept = count === 0 ? '' : lines.slice(-(count + 1)).join('\n')
  return { text: kept, end }
}

/** Hands over what is added to a log, until the signal aborts. A rotated log is read from its new beginning. */
export async function followLog(
  file: string,
  from: number,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let position = from
  while (!signal.aborted) {
    const size = sizeOf(file) ?? 0
    if (size < position) position = 0
    if (size > position) {
      onText(readRange(file, position, size).toString('utf8'))
      position = size
    }
    await systemClock.sleep(pollMs, signal).catch(() => {}) // aborted: the loop ends
  }
}

function lineCount(text: Buffer): number {
  let count = 0
  for (const byte of text) if (byte === 0x0a) count++
  return count
}

function readRange(file: string, start: number, end: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.alloc(end - start)
  const descriptor = openSync(file, 'r')
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, start))
  } finally {
    closeSync(descriptor)
  }
}

function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
