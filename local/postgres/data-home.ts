/**
 * Where PostgreSQL's data lies: in the state directory, or, when we are root and the user that PostgreSQL
 * runs as cannot get there, in a directory of root's own with a link to it from the state directory.
 */
import { createHash } from 'node:crypto'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { problem } from '../../core/problems.ts'
import { isMissing } from '../json-file.ts'
import type { SystemUser } from '../services.ts'
import { statePaths } from '../state.ts'
import { canEnter } from './system-user.ts'

/** Reachable by every user, writable by root. */
export const rootPlace = '/var/lib/millrace'

/**
 * Makes the directory PostgreSQL may write in, the first time.
 * @returns its real path, owned by `user`
 * @throws `services/state-copied` when the link belongs to a state directory somewhere else
 */
export async function makeDataHome(
  stateDir: string,
  user: SystemUser | undefined,
): Promise<string> {
  const home = statePaths(stateDir).data('postgres')
  const outside = outsideHome(stateDir)
  const link = readLink(home)
  if (link !== undefined) {
    if (link !== outside) throw problem('services/state-copied', { stateDir, data: link })
    return own(outside, user)
  }
  if (existsSync(home) || user === undefined || (await canEnter(stateDir, user))) {
    return own(home, user)
  }
  // Without a link in the state directory this is what a deleted clone at the same place left behind.
  rmSync(outside, { recursive: true, force: true })
  mkdirSync(dirname(outside), { recursive: true, mode: 0o755 })
  own(outside, user)
  writeFileSync(join(outside, 'origin'), `${realpathSync(stateDir)}\n`)
  symlinkSync(outside, home)
  return outside
}

/** Removes the data for good. The data of another state directory, of which this is a copy, is left alone. */
export function removeDataHome(stateDir: string): void {
  const home = statePaths(stateDir).data('postgres')
  const outside = outsideHome(stateDir)
  if (readLink(home) === outside) rmSync(outside, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
}

/** The directory of root's own that goes with a state directory. */
export function outsideHome(stateDir: string): string {
  const name = createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 16)
  return join(rootPlace, name)
}

function own(directory: string, user: SystemUser | undefined): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  return realpathSync(directory)
}

function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
