/** DuckDB's extensions, from PyPI's wheels: each is one file that DuckDB loads from its directory. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { duckdbPlatform, duckdbVersion } from '../../core/clients/duckdb-extensions.ts'
import { temporaryBeside } from '../place.ts'
import { cachePaths } from '../versions.ts'
import { runTool } from './run-tool.ts'
import type { SetupContext, SetupStep } from './step.ts'

const title = `DuckDB extensions ${duckdbVersion}`

/** Names as DuckDB loads them. */
export const duckdbExtensions = [
  'httpfs',
  'ducklake',
  'postgres_scanner',
  'sqlite_scanner',
  'aws',
] as const

export const duckdbExtensionFiles: SetupStep = {
  name: 'duckdb-extensions',
  title,
  after: [],
  weight: 'required',
  isPresent: async ({ cacheDir }) => missingIn(cacheDir).length === 0,
  bring: async (context) => {
    const directory = extensionFiles(context.cacheDir)
    mkdirSync(directory, { recursive: true })
    const workshop = temporaryBeside(join(directory, 'wheels'))
    mkdirSync(workshop)
    try {
      await fetchInto(workshop, directory, context)
    } finally {
      rmSync(workshop, { recursive: true, force: true })
    }
  },
}

async function fetchInto(workshop: string, directory: string, context: SetupContext) {
  const { cacheDir, signal, say } = context
  const missing = missingIn(cacheDir)
  say(`fetching ${missing.join(', ')} from PyPI`)
  const wanted = missing.map(
    (name) => `duckdb-extension-${name.replace('_', '-')}==${duckdbVersion}`,
  )
  // --no-deps: each wheel asks for the Python package duckdb, which is not needed here.
  const fetch = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', workshop, ...wanted]
  await runTool(title, 'python3', fetch, { signal })
  for (const name of missing) {
    const wheel = wheelOf(workshop, name)
    const unpacked = join(workshop, name)
    await runTool(title, 'python3', ['-m', 'zipfile', '-e', wheel, unpacked], { signal })
    const file = `${name}.duckdb_extension`
    const inside = join(
      unpacked,
      `duckdb_extension_${name}`,
      'extensions',
      `v${duckdbVersion}`,
      file,
    )
    renameSync(inside, join(directory, file))
  }
}

function wheelOf(workshop: string, name: string): string {
  const wheel = readdirSync(workshop).find((file) => file.startsWith(`duckdb_extension_${name}-`))
  return join(workshop, wheel ?? `duckdb_extension_${name}.whl`)
}

/** Where DuckDB looks below its extension directory. */
function extensionFiles(cacheDir: string): string {
  return join(cachePaths.duckdbExtensions(cacheDir), `v${duckdbVersion}`, duckdbPlatform())
}

/** The extensions that are not in the cache. */
function missingIn(cacheDir: string): readonly string[] {
  return duckdbExtensions.filter(
    (name) => !existsSync(join(extensionFiles(cacheDir), `${name}.duckdb_extension`)),
  )
}
