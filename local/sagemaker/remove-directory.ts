/** Removes what a container wrote, whatever it did with it. */
import { chmodSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'

/** Removes a directory, also one with directories that nobody may write to; what cannot be removed is logged. */
export function removeDirectory(directory: string, log: Pick<Log, 'warn'>): void {
  try {
    remove(directory)
  } catch {
    try {
      makeWritable(directory)
      remove(directory)
    } catch (error) {
      log.warn({ event: 'directory.stays', directory, reason: messageOf(error) })
    }
  }
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 })
}

function makeWritable(directory: string): void {
  chmodSync(directory, 0o700)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(directory, entry.name))
  }
}
