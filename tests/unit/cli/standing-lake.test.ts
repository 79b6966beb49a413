import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStandingLake } from '../../../cli/standing-lake.ts'
import { loadConfig } from '../../../core/config.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

it('says that there is no lake, and makes none', async () => {
  const projectDir = temporaryDirectory()
  writeFileSync(join(projectDir, 'dbt_project.yml'), 'name: shop\n')
  const config = loadConfig({ projectDir, environment: {} })
  for (const readOnly of [true, false]) {
    await expect(openStandingLake(config, { readOnly })).rejects.toMatchObject({
      code: 'cli/no-lake',
      exitCode: 2,
    })
  }
  expect(existsSync(join(projectDir, '.millrace', 'lake.sqlite'))).toBe(false)
})
