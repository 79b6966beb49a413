/** Where set-up put DuckDB's extensions, as the command line would find them. */
import { join } from 'node:path'
import { processEnvironment } from '../../core/config/environment.ts'
import { loadConfig } from '../../core/config.ts'

const repository = new URL('../..', import.meta.url).pathname

export const cacheDir = loadConfig({
  projectDir: repository,
  target: 'local',
  environment: processEnvironment,
}).cacheDir

export const extensionDirectory = join(cacheDir, 'duckdb-extensions')
