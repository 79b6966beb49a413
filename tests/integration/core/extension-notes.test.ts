/** That DuckDB checks an extension until it has found the file good, and again when the file is another. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckdb, queryValue } from '../../../core/clients/duckdb.ts'
import {
  duckdbPlatform,
  duckdbVersion,
  loadExtension,
} from '../../../core/clients/duckdb-extensions.ts'
import { extensionDirectory } from '../../support/extension-directory.ts'
import { makeFolder } from '../../support/project.ts'

const file = join(`v${duckdbVersion}`, duckdbPlatform(), 'sqlite_scanner.duckdb_extension')

async function copied() {
  const folder = await makeFolder()
  const path = join(folder.path, file)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(join(extensionDirectory, file), path)
  return { folder, path, note: `${path}.checked` }
}

async function isLoaded(directory: string, config: Record<string, string> = {}) {
  await using duckdb = await openDuckdb({
    extensionDirectory: directory,
    extensions: ['sqlite_scanner'],
    config,
  })
  return await duckdb.withConnection(async (connection) => ({
    isLoaded: await queryValue(
      connection,
      `select loaded from duckdb_extensions() where extension_name = 'sqlite_scanner'`,
    ),
    takesAny: await queryValue(connection, `select current_setting('allow_unsigned_extensions')`),
    load: await loadExtension(connection, directory, 'sqlite_scanner').catch(String),
  }))
}

const well = { isLoaded: true, takesAny: false, load: undefined }

it('loads a file that was found good without the check, and then takes no other', async () => {
  const { folder, note } = await copied()
  await using _ = folder
  expect(await isLoaded(folder.path)).toEqual(well)
  expect(existsSync(note)).toBe(true)
  expect(await isLoaded(folder.path)).toEqual(well)
})

it('checks a file that has changed since, and says what DuckDB says of it', async () => {
  const { folder, path, note } = await copied()
  await using _ = folder
  await isLoaded(folder.path)
  const before = readFileSync(note, 'utf8')
  appendFileSync(path, 'x')
  const found = await isLoaded(folder.path)
  expect(found).toMatchObject({ isLoaded: false, takesAny: false })
  expect(found.load).toContain('sqlite_scanner')
  expect(readFileSync(note, 'utf8')).toBe(before)
})

it('notes nothing where the user lets DuckDB take any extension', async () => {
  const { folder, note } = await copied()
  await using _ = folder
  const found = await isLoaded(folder.path, { allow_unsigned_extensions: 'true' })
  expect(found).toMatchObject({ takesAny: true, load: undefined })
  expect(existsSync(note)).toBe(false)
})

it('goes on checking where a note is no note', async () => {
  const { folder, note } = await copied()
  await using _ = folder
  writeFileSync(note, 'good')
  expect(await isLoaded(folder.path)).toEqual(well)
  expect(readFileSync(note, 'utf8')).not.toBe('good')
})
