/**
 * A folder that is replaced as a whole: built beside, then renamed into place. Whoever is killed in the middle leaves
 * the old one; what is left beside goes with the next call.
 */
import { lstatSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MillraceError, messageOf } from '../../core/errors.ts'
import { isAlive } from '../../core/lock-file.ts'
import { problem } from '../../core/problems.ts'

export type Workshop = {
  /** A folder beside, on the same disk, that goes when the work ends. */
  readonly path: string
  /** Puts a folder of the workshop into place. */
  readonly publish: (built: string) => Promise<void>
}

/** @throws `packages/cannot-install` when the disk refuses, and what `work` throws */
export async function replaceFolder<T>(
  folder: string,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const path = join(dirname(folder), `${prefixOf(folder)}${process.pid}`)
  try {
    await mkdir(dirname(folder), { recursive: true })
    await clearLeftovers(folder)
    await mkdir(path)
    return await workIn(path, folder, work)
  } catch (error) {
    if (error instanceof MillraceError || !isFileSystemError(error)) throw error
    throw problem('packages/cannot-install', { folder, reason: messageOf(error) }, { cause: error })
  }
}

async function workIn<T>(
  path: string,
  folder: string,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const replaced = join(path, 'replaced')
  try {
    return await work({
      path,
      publish: async (built) => {
        // Between these two the folder is missing; the next call would put the old one back.
        if (isThere(folder)) await rename(folder, replaced)
        await rename(built, folder)
      },
    })
  } finally {
    if (isThere(replaced) && !isThere(folder)) await rename(replaced, folder)
    await rm(path, { recursive: true, force: true })
  }
}

/** A link that leads nowhere is there as well. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function prefixOf(folder: string): string {
  return `.${basename(folder)}.new-`
}

/** Of processes that were killed: what they had moved away comes back, the rest goes. */
async function clearLeftovers(folder: string): Promise<void> {
  const beside = dirname(folder)
  const prefix = prefixOf(folder)
  for (const name of await readdir(beside)) {
    if (!name.startsWith(prefix)) continue
    const pid = Number(name.slice(prefix.length))
    if (pid !== process.pid && isAlive(pid)) continue
    const replaced = join(beside, name, 'replaced')
    if (isThere(replaced) && !isThere(folder)) await rename(replaced, folder)
    await rm(join(beside, name), { recursive: true, force: true })
  }
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
