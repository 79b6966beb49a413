import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { cacheDir } from '../../support/extension-directory.ts'
import { profileProject } from '../../support/profile-project.ts'
import { makeFolder, writeProject } from '../../support/project.ts'

/** A table for each way in which a source can tell, or fail to tell, how old it is. */
const tables = `
create table fresh as select now()::timestamp as seen;
create table zoned as select now() - interval 2 hours as seen;
create table stale as select timestamp '2020-01-01 06:00:00.25' as seen;
create table dated as select current_date as seen;
create table empty (seen timestamp);
create table queried as select timestamp '2021-01-01' as seen;
create table filtered as select unnest([now()::timestamp, timestamp '2021-01-01']) as seen`

const sources = `
sources:
  - name: raw
    schema: main
    loaded_at_field: seen
    config:
      freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}
    tables:
      - name: fresh
      - name: zoned
      - name: stale
      - name: dated
      - name: empty
      - name: missing
      - name: unasked
        config: {freshness: null}
      - name: queried
        loaded_at_query: "select max(seen) from {{ this }} where seen < now()"
      - name: filtered
        config: {freshness: {filter: "seen < '2024-01-01'"}}
`

const warnings =
  '\nsources: [{name: raw, schema: main, tables: [{name: zoned, loaded_at_field: seen, config: {freshness: {warn_after: {count: 1, period: hour}}}}]}]\n'

async function project(yaml: string) {
  const found = await profileProject(
    { default: '{type: duckdb, path: shop.duckdb}' },
    { 'models/sources.yml': yaml },
  )
  await found.query('shop.duckdb', tables)
  return found
}

const read = async (file: string) => JSON.parse(await readFile(file, 'utf8'))

describe('source freshness', () => {
  it('says how old each source is in the lines of dbt, and writes sources.json', async () => {
    const { path, millrace } = await project(sources)
    const { code, stdout } = await millrace(['source', 'freshness'])
    expect(code).toBe(1)
    const lines = stdout.replaceAll(/^\d\d:\d\d:\d\d {2}/gm, '').replaceAll(/\d+\.\d\ds/g, '0.00s')
    expect(lines).toContain(
      '1 of 8 START freshness of raw.dated ............................................ [RUN]\n',
    )
    const ended = [
      ...lines.matchAll(/^\d of 8 (?!START)(.*?) freshness of raw\.(\w+) \.+ \[(.*) in/gm),
    ]
    expect(ended.map(([, verdict, table, note]) => `${table}: ${verdict}, ${note}`)).toEqual([
      'dated: ERROR, ERROR',
      'empty: ERROR STALE, ERROR STALE',
      'filtered: ERROR STALE, ERROR STALE',
      'fresh: PASS, PASS',
      'missing: ERROR, ERROR',
      'queried: ERROR STALE, ERROR STALE',
      'stale: ERROR STALE, ERROR STALE',
      'zoned: WARN, WARN',
    ])
    expect(lines).toContain('loaded_at_field gives a value of type DATE, and a timestamp is needed')
    expect(lines).toContain('Table with name missing does not exist')
    const { metadata, results } = await read(join(path, 'target/sources.json'))
    expect(metadata.dbt_schema_version).toMatch(/sources\/v3\.json$/)
    const found = Object.fromEntries(
      results.map((one: Record<string, unknown>) => [one['unique_id'], one]),
    )
    expect(found['source.shop.raw.stale']).toMatchObject({
      status: 'error',
      max_loaded_at: '2020-01-01T06:00:00.250000+00:00',
      criteria: { warn_after: { count: 1, period: 'hour' }, filter: null },
    })
    expect(found['source.shop.raw.empty'].max_loaded_at).toBe('0001-01-01T00:00:00+00:00')
    expect(found['source.shop.raw.queried'].max_loaded_at).toBe('2021-01-01T00:00:00+00:00')
    expect(found['source.shop.raw.filtered'].max_loaded_at).toBe('2021-01-01T00:00:00+00:00')
    expect(found['source.shop.raw.zoned'].max_loaded_at_time_ago_in_s).toBeGreaterThan(7_199)
    expect(found['source.shop.raw.missing'].status).toBe('runtime error')
  })

  it('warns without failing, for the sources that are selected, into a file of its own', async () => {
    const { path, millrace } = await project(warnings)
    const file = join(path, 'out/ages.json')
    const { code, stdout } = await millrace([
      ...['source', 'snapshot-freshness', '--select', 'source:raw.zoned', '-o', file],
      ...['--format', 'json'],
    ])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      event: 'source.checked',
      unique_id: 'source.shop.raw.zoned',
      status: 'warn',
    })
    expect((await read(file)).results).toMatchObject([{ status: 'warn' }])
    expect(existsSync(join(path, 'target/sources.json'))).toBe(false)
    const none = await millrace(['source', 'freshness', '--select', 'source:raw.other'])
    expect(none).toMatchObject({ code: 0, stdout: '' })
    expect(none.stderr).toContain('Nothing to do')
  })

  it('asks the catalog of the lake for the last change where no column tells', async () => {
    await using folder = await makeFolder()
    const options = {
      cwd: folder.path,
      env: { HOME: folder.path, MILLRACE_CACHE_DIR: cacheDir, DBT_PROFILES_DIR: '' },
    }
    await writeProject(folder.path, {
      'models/users.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/sources.yml':
        'sources: [{name: raw, schema: main, tables: [{name: users}, {name: gone}], config: {freshness: {error_after: {count: 1, period: hour}}}}]',
    })
    expect((await runCli(['build'], options)).code).toBe(0)
    const { code, stdout } = await runCli(['source', 'freshness'], options)
    expect(stdout).toContain('PASS freshness of raw.users')
    expect(stdout).toContain('ERROR freshness of raw.gone')
    expect(code).toBe(1)
  })
})
