import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lakeDatabase, profileDatabase } from '../../../../cli/runner/project-database.ts'
import { type Config, loadConfig } from '../../../../core/config.ts'
import type { DuckdbProfile } from '../../../../transform/index.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

function configOf(projectDir: string): Config {
  writeFileSync(join(projectDir, 'dbt_project.yml'), 'name: shop\n')
  return loadConfig({ projectDir, flags: { duckdb: { threads: 8 } }, environment: {} })
}

const at = { file: 'profiles.yml' }

const profile = (isDucklake: boolean): DuckdbProfile => ({
  name: 'shop',
  target: 'dev',
  path: ':memory:',
  pathAt: at,
  database: 'memory',
  schema: 'main',
  threads: 8,
  isDucklake,
  attach: [],
  secrets: [],
  extensions: [],
  settings: {},
  settingsAt: at,
  configOptions: {},
  configOptionsAt: at,
  connectAttempts: 1,
  disableTransactions: false,
  hidden: [],
  warnings: [],
})

it('writes to a lake on one connection, however many threads are asked for', async () => {
  const config = configOf(temporaryDirectory())
  await using lake = lakeDatabase(config)
  expect(lake.threads).toBe(1)
  expect(lake.target.threads).toBe(8)
  await using ducklake = profileDatabase(config, profile(true))
  expect(ducklake.threads).toBe(1)
})

it('writes to a DuckDB file on as many connections as the profile says', async () => {
  const config = configOf(temporaryDirectory())
  await using file = profileDatabase(config, profile(false))
  expect(file.threads).toBe(8)
})
