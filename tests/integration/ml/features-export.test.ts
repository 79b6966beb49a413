/** `millrace features export`: the hash in its manifest is of the SQL that made the rows, or it says otherwise. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConfiguredLake } from '../../../cli/context.ts'
import { type ObjectStore, openS3 } from '../../../core/clients/s3.ts'
import { loadConfig } from '../../../core/config.ts'
import { type Instance, startInstance, stopInstance } from '../../../local/instance.ts'
import { bucketName as bucket } from '../../../local/state.ts'
import { startOptions } from '../../support/instance.ts'
import { type Ran, runCommand } from '../../support/ml/command.ts'

let projectDir: string
let instance: Instance
let store: ObjectStore
let environment: Record<string, string>

const features = 'models/user_purchase_features.sql'
const files: Readonly<Record<string, string>> = {
  'millrace.yml': 'name: shop\ndefault_target: local\ntargets:\n  local: {}\n',
  'dbt_project.yml': 'name: shop\nmodels: {shop: {+materialized: table}}\nvars: {scale: 2}\n',
  'models/visits.sql': `select user_id, timestamp '2026-01-05' + to_days(7 * week::int) as as_of, user_id + week as visits
    from range(1, 9) as users(user_id), range(12) as weeks(week)`,
  [features]: `select user_id, as_of, visits * {{ var('scale') }} as visits from {{ ref('visits') }}
    {% if is_incremental() %} where false {% endif %}`,
  'models/user_purchase_labels.sql': `select user_id, as_of, user_id % 2 = 0 as purchased_within_horizon,
    7 as horizon_days from {{ ref('visits') }}`,
  'models/models.yml': `models:
  - name: visits
    config: {meta: {point_in_time: these are constants}}
  - name: user_purchase_features
    config: {materialized: incremental}
    columns:
      - {name: visits, config: {meta: {feature: habits, baseline: true}}}
  - name: user_purchase_labels
    columns:
      - {name: purchased_within_horizon, config: {meta: {label: horizon}}}
`,
}

beforeAll(async () => {
  projectDir = mkdtempSync(join(tmpdir(), 'millrace-export-'))
  for (const [file, text] of Object.entries(files)) write(file, text)
  instance = await startInstance(startOptions(join(projectDir, '.millrace'), { services: ['s3'] }))
  const { s3 } = instance.settings
  if (s3 === undefined) throw new Error('there is no store')
  store = openS3({
    ...{ endpoint: s3.endpoint, region: s3.region, bucket, pathStyle: true },
    ...{ accessKeyId: s3.access_key_id, secretAccessKey: s3.secret_access_key },
  })
  environment = {
    MILLRACE_LAKE_CATALOG: 'sqlite',
    MILLRACE_LAKE_DATA_PATH: join(projectDir, 'lake'),
  }
  Object.assign(process.env, environment)
})

afterAll(async () => {
  for (const name of Object.keys(environment)) delete process.env[name]
  store.close()
  await stopInstance(instance.stateDir, { purge: true })
  rmSync(projectDir, { recursive: true, force: true })
})

function write(file: string, text: string): void {
  mkdirSync(dirname(join(projectDir, file)), { recursive: true })
  writeFileSync(join(projectDir, file), text)
}

const millrace = (...args: string[]): Promise<Ran> =>
  runCommand([...args, '--project-dir', projectDir])

async function build(...args: string[]): Promise<void> {
  const ran = await millrace('build', ...args)
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
}

const exported = (...args: string[]) =>
  millrace('features', 'export', '--warm-up-days', '0', '--format', 'json', ...args)

/** The manifest of an export that was made. */
async function manifestOf(ran: Ran): Promise<Record<string, unknown>> {
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
  const [{ export_id }] = JSON.parse(ran.stdout)
  const found = await store.get(`ml/exports/${export_id}/manifest/manifest.json`)
  return JSON.parse(Buffer.from(found?.body ?? []).toString('utf8'))
}

async function snapshotNow(): Promise<number> {
  await using lake = await openConfiguredLake(loadConfig({ projectDir, environment: process.env }))
  return await lake.currentSnapshot()
}

describe('the SQL of an export', () => {
  let first: Record<string, unknown>
  let before: number

  it('is that of the rows after a build, whatever comments and descriptions say', async () => {
    await build()
    const ran = await exported()
    expect(ran.stderr).not.toContain('warning')
    first = await manifestOf(ran)
    expect(first['sql_hash']).toMatch(/^[0-9a-f]{64}$/)
    expect(first).not.toHaveProperty('sql_doubts')
    before = await snapshotNow()
    await build()
    write('models/visits.yml', '') // nothing of a model
    write(features, `-- Visits.\n${files[features]}`)
    const commented = await exported()
    expect(commented, commented.stderr).toMatchObject({ code: 0 })
    expect(commented.stderr).not.toContain('warning')
  })

  it('is refused where it was edited and not built, or built onto rows that are there', async () => {
    write(features, String(files[features]).replace('visits *', '1 + visits *'))
    const unbuilt = await exported()
    expect(unbuilt).toMatchObject({ code: 2, stderr: expect.stringContaining('ml/other-sql') })
    expect(unbuilt.stderr).toContain(
      'user_purchase_features was built of other SQL than it has now',
    )
    expect(unbuilt.stderr).toContain(
      '`millrace build --select +user_purchase_features +user_purchase_labels --full-refresh`',
    )
    await build()
    const mixed = await exported()
    expect(mixed).toMatchObject({ code: 2, stderr: expect.stringContaining('ml/other-sql') })
    expect(mixed.stderr).toContain('had other SQL when some of the rows were made')
  })

  it('is not said to be that of a snapshot of the past', async () => {
    const ran = await exported('--snapshot', String(before))
    expect(ran.stderr).toContain('warning[ml/sql-doubtful]')
    expect(await manifestOf(ran)).toMatchObject({
      ...{ snapshot_id: first['snapshot_id'], sql_hash: 'unknown' },
      sql_doubts: ['user_purchase_features was built of other SQL than it has now'],
    })
  })

  it('is that of the rows again after a full refresh', async () => {
    await build('--select', '+user_purchase_features', '+user_purchase_labels', '--full-refresh')
    const ran = await exported()
    expect(ran.stderr).not.toContain('warning')
    const manifest = await manifestOf(ran)
    expect(manifest).not.toHaveProperty('sql_doubts')
    expect(manifest['sql_hash']).not.toBe(first['sql_hash'])
  })

  it('counts what incremental rows were read from: an edit above them needs a full refresh too', async () => {
    write(
      'models/visits.sql',
      String(files['models/visits.sql']).replace('week as visits', 'week + 1 as visits'),
    )
    await build()
    const mixed = await exported()
    expect(mixed).toMatchObject({ code: 2, stderr: expect.stringContaining('ml/other-sql') })
    expect(mixed.stderr).toContain('visits had other SQL when some of the rows were made')
    await build('--full-refresh')
    const ran = await exported()
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    expect(ran.stderr).not.toContain('warning')
  })

  it('does not count what was built further up after the rows were made', async () => {
    const edited = 'models/visits.sql'
    const text = readFileSync(join(projectDir, edited), 'utf8')
    write(edited, text.replace('week + 1 as visits', 'week + 2 as visits'))
    await build('--select', 'visits')
    expect((await exported()).code).toBe(2) // nothing of it is in the rows yet
    write(edited, text)
    const ran = await exported()
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    expect(ran.stderr).not.toContain('warning')
  })

  it('is doubtful with another variable, and where a run or somebody else wrote nothing down', async () => {
    const other = await exported('--vars', 'scale: 3')
    expect(other.stderr).toContain('a variable of user_purchase_features, or the release')
    expect((await manifestOf(other))['sql_doubts']).toHaveLength(1)
    await using lake = await openConfiguredLake(
      loadConfig({ projectDir, environment: process.env }),
    )
    const change = (sql: string) =>
      lake.transaction(async (transaction) => {
        await transaction.run(sql)
      })
    await change('delete from lake.main.user_purchase_features where user_id = 1')
    const changed = await exported()
    expect(changed.stderr).toContain('user_purchase_features was changed after its last run')
    expect(changed.code).toBe(0)
    await build('--full-refresh')
    expect((await exported()).stderr).not.toContain('warning')
    await change(`create or replace table lake.main.user_purchase_labels as
      from lake.main.user_purchase_labels`)
    expect((await exported()).stderr).toContain('user_purchase_labels was replaced')
    write(features, String(files[features]).replace('visits *', '5 + visits *'))
    await build('--publish', 'per-node', '--full-refresh')
    const unknown = await exported()
    expect(unknown.stderr).toMatch(/no run wrote down how .*user_purchase_features.* came about/)
    expect(unknown.code).toBe(0)
  })
})
