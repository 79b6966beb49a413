/** Small JSON files that several processes read and write: always whole, readable by the owner alone. */
import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { messageOf } from '../core/errors.ts'
import { problem } from '../core/problems.ts'

/**
 * Reads and checks a file written by `writeJson`.
 * @returns undefined when there is no such file
 * @throws `services/state-unreadable` when it holds something else
 */
export function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw problem('services/state-unreadable', { file, reason: messageOf(cause) }, { cause })
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw problem('services/state-unreadable', { file, reason: messageOf(cause) }, { cause })
  }
}

/**
 * Writes a file in one step: a reader sees the old text or the new one. Mode 0600.
 * @throws `services/state-dir-unusable`
 */
export function writeJson(file: string, value: unknown): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, file)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw problem(
      'services/state-dir-unusable',
      { path: dirname(file), reason: messageOf(cause) },
      { cause },
    )
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
