import { describe, expect, it } from 'vitest'
import { isoMicros } from '../../../../transform/freshness/check-freshness.ts'
import { criteriaOf, stalenessOf } from '../../../../transform/freshness/criteria.ts'
import { ageSql, loadedAtSql } from '../../../../transform/freshness/loaded-at-sql.ts'
import { compileFiles } from '../../../support/project.ts'

async function source(yaml: string) {
  const { graph } = await compileFiles({ 'models/sources.yml': yaml })
  const [found] = graph.sources.values()
  if (found === undefined) throw new Error('the project has no source')
  return found
}

const table = (freshness: string, more = '') =>
  `sources: [{name: raw, tables: [{name: users, ${more} config: {freshness: ${freshness}}}]}]`

describe('the age of a source', () => {
  const criteria = {
    warn_after: { count: 12, period: 'hour' },
    error_after: { count: 1, period: 'day' },
  }

  it.each([
    [0, 'pass'],
    [12 * 3_600, 'pass'],
    [12 * 3_600 + 1, 'warn'],
    [86_400, 'warn'],
    [86_401, 'error'],
  ])('of %d seconds is judged: %s', (seconds, status) => {
    expect(stalenessOf(seconds, criteria)).toBe(status)
  })

  it('is an error past that bound, even where the one for warnings is longer', () => {
    const swapped = {
      warn_after: { count: 2, period: 'day' },
      error_after: { count: 5, period: 'minute' },
    }
    expect(stalenessOf(301, swapped)).toBe('error')
    expect(
      stalenessOf(301, { error_after: null, warn_after: { count: '5', period: 'minute' } }),
    ).toBe('warn')
  })

  it('is asked only where a bound is whole', async () => {
    expect(criteriaOf(await source(table('{warn_after: {count: 1, period: day}}')))).toMatchObject({
      warn_after: { count: 1, period: 'day' },
    })
    expect(criteriaOf(await source(table('{warn_after: {count: 1}}')))).toBeUndefined()
    expect(criteriaOf(await source(table('null')))).toBeUndefined()
    expect(criteriaOf(await source(table('{filter: x > 1}')))).toBeUndefined()
  })

  it('is asked of a column, of the rows that a filter leaves', async () => {
    const freshness = `{warn_after: {count: 1, period: day}, filter: "kind = 'a'"}`
    const found = await source(table(freshness, "loaded_at_field: 'seen::timestamp',"))
    const sql = loadedAtSql(found, undefined)
    expect(sql).toBe(
      `select max(seen::timestamp) as max_loaded_at\nfrom "lake"."raw"."users"\nwhere kind = 'a'`,
    )
    expect(ageSql(sql ?? '')).toContain('epoch_us(max_loaded_at) as loaded_us')
  })

  it('is asked of a query of the source, or of nobody', async () => {
    const found = await source(table('{warn_after: {count: 1, period: day}}'))
    expect(loadedAtSql(found, undefined)).toBeUndefined()
    expect(loadedAtSql(found, 'select 1')).toBe(
      'with source_query as (\nselect 1\n)\nselect (select * from source_query) as max_loaded_at',
    )
  })
})

it('writes times as Python does', () => {
  expect(isoMicros(1_577_858_400_250_000n)).toBe('2020-01-01T06:00:00.250000+00:00')
  expect(isoMicros(1_577_858_400_000_000n)).toBe('2020-01-01T06:00:00+00:00')
  expect(isoMicros(-1n)).toBe('1969-12-31T23:59:59.999999+00:00')
  expect(isoMicros(-62_135_596_800_000_000n)).toBe('0001-01-01T00:00:00+00:00')
})
