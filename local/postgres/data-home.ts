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
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { problem } from '../../core/problems.ts'
import { isMissing } from '../json-file.ts'
import { makeOpenDirectory } from '../place.ts'
import { identify } from '../process/identity.ts'
import type { SystemUser } from '../process/run.ts'
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
  assertOwnData(stateDir)
  if (readLink(home) !== undefined) return own(outside, user)
  if (existsSync(home) || user === undefined || (await canEnter(stateDir, user))) {
    return own(home, user)
  }
  // Without a link in the state directory this is what a deleted clone at the same place left behind.
  rmSync(outside, { recursive: true, force: true })
  removeAbandoned()
  makeOpenDirectory(dirname(outside))
  own(outside, user)
  writeFileSync(join(outside, 'origin'), `${realpathSync(stateDir)}\n`)
  symlinkSync(outside, home)
  return outside
}

type AbandonedHome = { readonly directory: string; readonly stateDir: string }

/** Data outside of state directories that do not exist any more. */
export function abandonedHomes(): readonly AbandonedHome[] {
  if (process.getuid?.() !== 0 || !existsSync(rootPlace)) return []
  return readdirSync(rootPlace).flatMap((name) => {
    const directory = join(rootPlace, name)
    const origin = join(directory, 'origin')
    if (!existsSync(origin) || isServed(directory)) return []
    const stateDir = readFileSync(origin, 'utf8').trim()
    return existsSync(stateDir) ? [] : [{ directory, stateDir }]
  })
}

/** Tells whether a server may still run on the data: its pid file names a living process. */
function isServed(directory: string): boolean {
  const pidFile = join(directory, 'data', 'postmaster.pid')
  if (!existsSync(pidFile)) return false
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  return identify(pid) !== undefined
}

/**
 * Removes data whose state directory was deleted by hand. When the folder around it is gone too, a disk may
 * only not be mounted: then the data stays, and `millrace doctor` names it.
 */
function removeAbandoned(): void {
  for (const { directory, stateDir } of abandonedHomes()) {
    if (existsSync(dirname(stateDir))) rmSync(directory, { recursive: true, force: true })
  }
}

/** @throws `services/state-copied` when the data belongs to the directory from which this one was copied */
export function assertOwnData(stateDir: string): void {
  const link = readLink(statePaths(stateDir).data('postgres'))
  if (link !== undefined && link !== outsideHome(stateDir)) {
    throw problem('services/state-copied', { stateDir, data: link })
  }
}

/** Removes the data for good. The data of another state directory, of which this is a copy, is left alone. */
export function removeDataHome(stateDir: string): void {
  const home = statePaths(stateDir).data('postgres')
  const outside = outsideHome(stateDir)
  if (readLink(home) === outside) rmSync(outside, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
}

/** The directory of root's own that goes with a state directory. */
function outsideHome(stateDir: string): string {
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
