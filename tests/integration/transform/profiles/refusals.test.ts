import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import { profileProject } from '../../../support/profile-project.ts'

const model = { 'models/one.sql': 'select 1 as id' }

it('reports a wrong profile with file and line, all of it, and ends with 2', async () => {
  const shop = await profileProject(
    { default: '{type: duckdb, path: nowhere/shop.duckdb, threads: four, shema: x}' },
    model,
  )
  const { code, stderr } = await shop.millrace(['run'])
  expect(code).toBe(2)
  expect(stderr).toBe(
    `error[profile/invalid-value] profiles.yml:3:29
  shop.outputs.default.path: there is no folder nowhere.
error[profile/invalid-value] profiles.yml:3:56
  shop.outputs.default.threads: must be a whole number of at least 1.
`,
  )
})

it('warns of an unknown key, names the nearest, and builds', async () => {
  const shop = await profileProject({ default: '{type: duckdb, shema: x}' }, model)
  const { code, stderr } = await shop.millrace(['run'])
  expect(stderr).toBe(
    'warning[profile/unknown-key] profiles.yml:3:29 shop.outputs.default: unknown key shema. did you mean schema?\n',
  )
  expect(code).toBe(0)
})

it('names the targets there are when --target is none of them', async () => {
  const shop = await profileProject({ dev: '{type: duckdb}', prod: '{type: duckdb}' }, model)
  const { code, stderr } = await shop.millrace(['run', '--target', 'pro'])
  expect(stderr).toMatch(/profile\/unknown-target\] profiles.yml:2:3\n {2}The profile shop has no/)
  expect(stderr).toMatch(/hint: did you mean prod\?/)
  expect(code).toBe(2)
})

it('says who holds the database file, and that a retry helps (exit code 3)', async () => {
  const asking =
    "select {% if execute %}{{ run_query('select 1 as x').rows | length }} {% endif %} as n"
  const shop = await profileProject({ default: '{type: duckdb, path: shop.duckdb}' }, model)
  await using _holder = await openDuckdb({
    extensionDirectory,
    path: join(shop.path, 'shop.duckdb'),
  })
  for (const text of ['select 1 as id', asking]) {
    await shop.write({ 'models/one.sql': text })
    const { code, stderr } = await shop.millrace(['run'])
    expect(stderr).toMatch(/^error\[profile\/database-locked\] profiles.yml:3:\d+\n/)
    expect(stderr).toContain('The database shop.duckdb is in use by another process: ')
    expect(stderr).toContain(`PID ${process.pid}`)
    expect(code).toBe(3)
  }
})

it('waits for the file as often as retries says', async () => {
  const shop = await profileProject(
    { default: '{type: duckdb, path: shop.duckdb, retries: {connect_attempts: 3}}' },
    model,
  )
  const path = join(shop.path, 'shop.duckdb')
  const holder = await openDuckdb({ extensionDirectory, path })
  const running = shop.millrace(['run'])
  setTimeout(() => holder.close(), 2_000)
  expect((await running).code).toBe(0)
})

it('names an extension that is not there, and where it belongs', async () => {
  const shop = await profileProject({ default: '{type: duckdb, extensions: [spatial]}' }, model)
  const { code, stderr } = await shop.millrace(['run'])
  expect(stderr).toMatch(/error\[profile\/extension-missing\] profiles.yml:3:\d+\n/)
  expect(stderr).toMatch(/wants the DuckDB extension spatial, which is not in .*duckdb-extensions/)
  expect(code).toBe(2)
})

it.each([
  ['settings: {no_such_thing: 1}', 'The setting no_such_thing was refused by DuckDB'],
  ['config_options: {no_such_thing: 1}', 'config_options was refused by DuckDB'],
  ['attach: [{path: nowhere/x.duckdb}]', 'Attaching nowhere/x.duckdb was refused by DuckDB'],
  [
    'secrets: [{type: s3, kye_id: abc}]',
    "The secret _dbt_secret_1 was refused by DuckDB: Binder Error: Unknown parameter 'kye_id'",
  ],
  ['path: "md:shop"', 'md:shop is a database of MotherDuck'],
  ['path: profiles.yml', 'The database profiles.yml cannot be opened'],
])('refuses %s with its place', async (keys, message) => {
  const shop = await profileProject({ default: `{type: duckdb, ${keys}}` }, model)
  const { code, stderr } = await shop.millrace(['run'])
  expect(stderr).toMatch(/^error\[profile\/[a-z-]+\] profiles.yml:3:\d+\n/)
  expect(stderr).toContain(message)
  expect(code).toBe(2)
})

it('shows no secret, whatever fails and wherever it is asked for', async () => {
  const secret = "tell-no'body"
  const key = "{{ env_var('DBT_ENV_SECRET_KEY') }}"
  const shop = await profileProject(
    {
      default: `{type: duckdb, path: shop.duckdb, secrets: [{type: s3, key_id: a, secret: "${key}"}], settings: {s3_secret_access_key: "${key}"}}`,
      attached: `{type: duckdb, attach: [{path: "host=127.0.0.1 port=1 user=u password=${key}", alias: pg, type: postgres}]}`,
      setting: `{type: duckdb, settings: {memory_limit: "${key}"}}`,
      unknown: `{type: duckdb, secrets: [{type: s3, secret: "${key}", "${'x'}": 1}]}`,
      plain: `{type: duckdb, secrets: [{type: http, bearer_token: plain-token, name: web}]}`,
    },
    {
      'models/one.sql':
        "select error(coalesce(current_setting('s3_secret_access_key'), '') || ' plain-token') as id",
    },
  )
  const codes: Record<string, number | null> = {}
  for (const target of ['default', 'attached', 'setting', 'unknown', 'plain']) {
    const args = ['run', '--target', target, '--log-level', 'debug']
    const { code, stdout, stderr } = await shop.millrace(args, { DBT_ENV_SECRET_KEY: secret })
    codes[target] = code
    expect(stdout + stderr).not.toMatch(/tell-no/)
    if (target === 'plain') expect(stdout + stderr).not.toMatch(/plain-token/)
    if (target === 'attached') expect(stderr).toMatch(/password=\[redacted\]/)
  }
  expect(codes).toEqual({ default: 1, attached: 3, setting: 2, unknown: 2, plain: 1 })
  const written = await readdir(join(shop.path), { recursive: true, withFileTypes: true })
  for (const entry of written.filter((each) => each.isFile())) {
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1')
    expect([entry.name, text.includes('tell-no')]).toEqual([entry.name, false])
  }
})

it('builds nothing when profiles.yml lacks the profile that the project names', async () => {
  const files = { ...model, 'dbt_project.yml': 'name: shop\nprofile: shpo\n' }
  const shop = await profileProject({ default: '{type: duckdb, path: shop.duckdb}' }, files)
  const { code, stderr } = await shop.millrace(['build'])
  expect(stderr).toBe(`error[profile/not-found] dbt_project.yml:2:1
  There is no profile shpo in profiles.yml; it has shop.
  hint: did you mean shop?
`)
  expect(code).toBe(2)
  expect((await readdir(shop.path)).sort()).toEqual(['dbt_project.yml', 'models', 'profiles.yml'])
})
