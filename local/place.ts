/** Things appear in the cache whole or not at all: made under a temporary name beside it, then renamed. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { identify, isAlive } from './process/identity.ts'

const temporaryName = /^\.(?<target>.+)\.(?<pid>\d+)-[0-9a-f]{8}\.tmp$/

/**
 * A name on the same file system that nobody else uses; it tells whose it is. What killed processes left
 * behind under such names is removed on the way.
 */
export function temporaryBeside(target: string): string {
  removeLeftovers(dirname(target))
  const unique = `${process.pid}-${randomBytes(4).toString('hex')}`
  return join(dirname(target), `.${basename(target)}.${unique}.tmp`)
}

/**
 * Gives a finished file or directory its real name. When another process was faster, its work is kept and
 * ours is removed: both are the same version of the same thing.
 */
export function moveIntoPlace(temporary: string, target: string): void {
  try {
    renameSync(temporary, target)
  } catch (error) {
    if (!existsSync(target)) throw error
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Makes a directory that every user may enter, whatever our umask; parents that exist are left alone. */
export function makeOpenDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true })
  if (first === undefined) return
  for (let made = directory; made.length >= first.length; made = dirname(made)) {
    chmodSync(made, 0o755)
  }
}

function removeLeftovers(directory: string): void {
  if (!existsSync(directory)) return
  for (const name of readdirSync(directory)) {
    const pid = Number(temporaryName.exec(name)?.groups?.['pid'] ?? Number.NaN)
    if (Number.isNaN(pid)) continue
    const owner = identify(pid)
    if (owner === undefined || !isAlive(owner)) {
      rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
}
