import { expect, it } from 'vitest'
import { profileProject } from '../../../support/profile-project.ts'

const model = {
  'models/told.sql': "select '{{ target.name }} {{ target.database }} {{ target.type }}' as told",
}
const millraceYml = `
name: shop
targets:
  local: {services: external, lake: {catalog: sqlite, catalog_path: lake.sqlite, data_path: data}}
  prod: {services: external, lake: {catalog: sqlite, catalog_path: prod.sqlite, data_path: prod}}
`

it('builds in an embedded lake and says why, without a millrace.yml too', async () => {
  const shop = await profileProject({ default: '{type: snowflake, account: x}' }, model)
  const { code, stdout, stderr } = await shop.millrace(['build'])
  expect(stderr).toBe(
    'note: the profile shop is of type snowflake; models are built in an embedded lake, in .millrace.\n',
  )
  expect(stdout).toMatch(/Done. PASS=1 /)
  expect(code).toBe(0)
  const rows = await shop.millrace(['sql', 'from lake.main.told', '--format', 'ndjson'])
  expect(rows.stdout).toBe('{"told":"local lake duckdb"}\n')
})

it('lets --target name a target of millrace.yml there', async () => {
  const files = { ...model, 'millrace.yml': millraceYml }
  const shop = await profileProject({ default: '{type: snowflake, account: x}' }, files)
  const { code, stderr } = await shop.millrace(['run', '--target', 'prod'])
  expect(stderr).toBe(
    'note: the profile shop is of type snowflake; models are built in the lake of millrace.yml.\n',
  )
  expect(code).toBe(0)
  const args = ['sql', 'from lake.main.told', '--format', 'ndjson', '--target', 'prod']
  expect((await shop.millrace(args)).stdout).toBe('{"told":"prod lake duckdb"}\n')
})

it('says nothing where the project asks for no profile and has a millrace.yml', async () => {
  const shop = await profileProject(
    { default: '{type: duckdb, path: shop.duckdb}' },
    { ...model, 'dbt_project.yml': 'name: shop\n', 'millrace.yml': millraceYml },
  )
  const { code, stderr } = await shop.millrace(['build'])
  expect([code, stderr]).toEqual([0, ''])
  const asked = await shop.millrace(['build', '--profile', 'shop', '--profiles-dir', '.'])
  expect([asked.code, asked.stderr]).toEqual([0, ''])
  expect(await shop.query('shop.duckdb', 'from told')).toEqual([{ told: 'default shop duckdb' }])
})
