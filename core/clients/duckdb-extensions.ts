/**
 * DuckDB's extensions, loaded quickly. DuckDB checks a signature at each load, which takes a tenth of a second of two
 * cores. Here it does so once for each file: what it has found good is noted beside the file, and loaded without the
 * check as long as size and time of the file are those that were noted. Whoever could write such a note could also
 * write the cache of our own code, which lies in the same folder.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { problem } from '../problems.ts'

/** The DuckDB release whose extensions set-up fetches; the binaries refuse any other. */
export const duckdbVersion = '1.5.5'

/** DuckDB's name of this platform, as in its extension directory. */
export function duckdbPlatform(): string {
  const system = platform() === 'darwin' ? 'osx' : 'linux'
  return `${system}_${arch() === 'arm64' ? 'arm64' : 'amd64'}`
}

/** Loads an extension from the directory. @throws `lake/extension-missing` */
export async function loadExtension(
  connection: DuckDBConnection,
  extensionDirectory: string,
  extension: string,
): Promise<void> {
  const file = fileOf(extensionDirectory, extension)
  if (!existsSync(file)) {
    const directory = folderOf(extensionDirectory)
    throw problem('lake/extension-missing', { extension, directory })
  }
  await connection.run(`load ${extension}`)
}

/** What an instance is to load as it opens. */
export type Loading = {
  /** Found good before. */
  readonly noted: readonly string[]
  readonly unknown: readonly string[]
  /** To open the instance with: until `loadAll` is done it takes any extension. */
  readonly settings: Readonly<Record<string, string>>
}

/** @param config settings of a user, who may want it otherwise */
export function planLoading(
  extensionDirectory: string,
  extensions: readonly string[],
  config: Readonly<Record<string, string>>,
): Loading {
  if ('allow_unsigned_extensions' in config || 'lock_configuration' in config) {
    return { noted: [], unknown: [], settings: {} }
  }
  const noted = extensions.filter((name) => isNoted(fileOf(extensionDirectory, name)))
  return {
    noted,
    unknown: extensions.filter((name) => !noted.includes(name)),
    settings: noted.length > 0 ? { allow_unsigned_extensions: 'true' } : {},
  }
}

/**
 * Loads what is noted, from then on has DuckDB check again, and notes what it finds good of the others. One that cannot
 * be loaded is left to who needs it, and told then.
 */
export async function loadAll(
  instance: DuckDBInstance,
  extensionDirectory: string,
  { noted, unknown }: Loading,
): Promise<void> {
  if (noted.length + unknown.length === 0) return
  const connection = await instance.connect()
  const load = (name: string) => loadExtension(connection, extensionDirectory, name)
  try {
    for (const name of noted) await load(name).catch(() => {})
    if (noted.length > 0) await connection.run('set global allow_unsigned_extensions = false')
    for (const name of unknown) {
      await load(name).then(
        () => note(fileOf(extensionDirectory, name)),
        () => {},
      )
    }
  } finally {
    connection.closeSync()
  }
}

function isNoted(file: string): boolean {
  try {
    return readFileSync(noteOf(file), 'utf8') === stampOf(file)
  } catch {
    return false
  }
}

/** Where nothing can be written DuckDB goes on checking. */
function note(file: string): void {
  try {
    writeFileSync(noteOf(file), stampOf(file))
  } catch {}
}

/** Whole seconds, which is what copies and layers of images keep. */
function stampOf(file: string): string {
  const { size, mtimeMs } = statSync(file)
  return `${duckdbVersion} ${size} ${Math.floor(mtimeMs / 1_000)}\n`
}

function noteOf(file: string): string {
  return `${file}.checked`
}

function fileOf(extensionDirectory: string, extension: string): string {
  return join(folderOf(extensionDirectory), `${extension}.duckdb_extension`)
}

function folderOf(extensionDirectory: string): string {
  return join(extensionDirectory, `v${duckdbVersion}`, duckdbPlatform())
}
