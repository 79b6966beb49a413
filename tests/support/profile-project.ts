/** A dbt project with a profiles.yml in a temporary folder, the command line run inside it, and a look at what came out. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openDuckdb, queryRows, type Row } from '../../core/clients/duckdb.ts'
import { type CliResult, runCli } from './cli.ts'
import { cacheDir, extensionDirectory } from './extension-directory.ts'
import { type Files, makeFolder, writeProject } from './project.ts'

export type ProfileProject = {
  readonly path: string
  /** Runs `millrace` in the folder; variables of dbt in the surrounding environment do not reach it. */
  readonly millrace: (args: readonly string[], env?: Record<string, string>) => Promise<CliResult>
  readonly write: (files: Files) => Promise<unknown>
  /** Rows of a query on a database file of the folder. */
  readonly query: (file: string, sql: string) => Promise<Row[]>
}

/** @param output the outputs of profile `shop`, as YAML inside of `outputs:` */
export async function profileProject(
  outputs: Readonly<Record<string, string>>,
  files: Files = {},
): Promise<ProfileProject> {
  const folder = await makeFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const lines = Object.entries(outputs).map(([name, output]) => `    ${name}: ${output}\n`)
  await writeProject(folder.path, {
    'dbt_project.yml': 'name: shop\nprofile: shop\nmodels: {shop: {+materialized: table}}\n',
    'profiles.yml': `shop:\n  outputs:\n${lines.join('')}`,
    ...files,
  })
  // A home of its own holds no profiles.yml and no persistent secrets; the cache stays where it is.
  const home = { HOME: folder.path, MILLRACE_CACHE_DIR: cacheDir }
  const none = { ...home, DBT_PROFILES_DIR: '', DBT_PROFILE: '', DBT_TARGET: '' }
  return {
    path: folder.path,
    millrace: (args, env = {}) => runCli(args, { cwd: folder.path, env: { ...none, ...env } }),
    write: async (more) => {
      for (const [file, text] of Object.entries(more))
        await writeFile(join(folder.path, file), text)
    },
    query: async (file, sql) => {
      await using duckdb = await openDuckdb({
        extensionDirectory,
        path: join(folder.path, file),
        threads: 1,
      })
      return await duckdb.withConnection((connection) => queryRows(connection, sql))
    },
  }
}
