import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { adHocOptionsOf } from '../../../../cli/serve/ad-hoc-options.ts'
import { systemClock } from '../../../../core/clock.ts'
import { loadConfig } from '../../../../core/config.ts'
import { makeFolder, writeProject } from '../../../support/project.ts'

const files = {
  'millrace.yml': `name: shop
targets:
  local:
    services: external
    lake: { catalog_url: 'postgres://me@host/db', data_path: data/ }
    api: { ad_hoc: { enabled: true } }
`,
  'models/schema.yml': `
models:
  - name: salaries
    columns: [{ name: Iban, meta: { pii: true } }]
    config: { publish: { api: true, roles: [hr] } }
`,
  'models/salaries.sql': "select 1 as id, 'x' as Iban",
  'models/all_salaries.sql':
    "{{ config(materialized='view') }} select * from {{ ref('salaries') }}",
  'models/regions.sql': 'select 1 as id',
}

it('says of each table what is personal in it and which roles it asks for', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, files)
  const config = loadConfig({ projectDir: folder.path, environment: {} })
  const options = await adHocOptionsOf(config, {})
  expect(await options?.describedTables()).toEqual({
    'main.all_salaries': { personalColumns: ['iban'], roles: [['hr']] },
    'main.regions': { personalColumns: [], roles: [] },
    'main.salaries': { personalColumns: ['iban'], roles: [['hr']] },
  })
})

it('knows the scores, which are no model, when they ask for a role', async () => {
  await using folder = await makeFolder()
  const settings = (files['millrace.yml'] ?? '').replace(
    'api: {',
    'api: { predictions: { roles: [scoring] },',
  )
  await writeProject(folder.path, { 'millrace.yml': settings })
  const config = loadConfig({ projectDir: folder.path, environment: {} })
  const options = await adHocOptionsOf(config, {})
  const scores = { personalColumns: [], roles: [['scoring']] }
  expect(await options?.describedTables()).toEqual({
    'ml.predictions': scores,
    'ml.prediction_history': scores,
  })
})

it('looks at a project that cannot be read once in a while', async () => {
  await using folder = await makeFolder()
  await writeProject(folder.path, { ...files, 'models/broken.yml': 'models: [' })
  const config = loadConfig({ projectDir: folder.path, environment: {} })
  let now = 0
  const options = await adHocOptionsOf(config, {}, { ...systemClock, now: () => now })
  await expect(options?.describedTables()).rejects.toThrow('the project has problems')
  await rm(join(folder.path, 'models/broken.yml'))
  await expect(options?.describedTables()).rejects.toThrow('the project has problems')
  now = 10_000
  expect(Object.keys((await options?.describedTables()) ?? {})).toContain('main.regions')
})
