/** The log file of a service. */
import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs'

const maxBytes = 16 * 1024 * 1024
const tailBytes = 8 * 1024

/** Keeps one older file once the log has grown past 16 MiB. Call it while nobody writes. */
export function rotateLog(file: string): void {
  if (logSize(file) > maxBytes) renameSync(file, `${file}.1`)
}

/** The length of the log in bytes, 0 when there is none. */
export function logSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** What was written after position `from`, the last 8 KiB of it. */
export function readLogFrom(file: string, from: number): string {
  const size = logSize(file)
  const start = Math.max(from, size - tailBytes)
  if (size <= start) return ''
  const buffer = Buffer.alloc(size - start)
  const descriptor = openSync(file, 'r')
  try {
    const read = readSync(descriptor, buffer, 0, buffer.length, start)
    return buffer.toString('utf8', 0, read)
  } finally {
    closeSync(descriptor)
  }
}
