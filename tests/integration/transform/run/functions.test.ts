import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDuckdb } from '../../../../core/clients/duckdb.ts'
import type { Lake } from '../../../../core/clients/lake.ts'
import { duckdbAdapter } from '../../../../transform/index.ts'
import { extensionDirectory } from '../../../support/extension-directory.ts'
import {
  type Files,
  makeFolder,
  messageOf,
  openFolderLake,
  queryLake,
  runFolder,
  statuses,
  type TestFolder,
  writeProject,
} from '../../../support/project.ts'

let folder: TestFolder

beforeEach(async () => {
  folder = await makeFolder()
})

afterEach(() => folder[Symbol.asyncDispose]())

const files: Files = {
  'functions/with_tax.sql': "price * (1 + rate + {{ var('extra', 0) }})",
  'functions/country_of.sql':
    '-- by its code\nselect name from {{ ref("countries") }} where code = wanted',
  'functions/weighted.sql': 'sum(value * weight) / sum(weight)',
  'functions/functions.yml': `
functions:
  - name: with_tax
    arguments: [{name: price, data_type: double}, {name: rate, data_type: double, default_value: 0.5}]
    returns: {data_type: 'decimal(9, 2)'}
  - name: country_of
    config: {schema: tools}
    arguments: [{name: wanted, data_type: varchar}]
    returns: {data_type: varchar}
  - name: weighted
    config: {type: aggregate}
    arguments: [{name: value, data_type: double}, {name: weight, data_type: double}]
    returns: {data_type: double}
`,
  'seeds/countries.csv': 'code,name\nis,Iceland\nfi,Finland\n',
  'models/a_prices.sql': `{{ config(materialized='table') }}
    select
      {{ function('with_tax') }}(10) as usual,
      {{ function('with_tax') }}(10, 0.25) as low,
      {{ function('country_of') }}('is') as country`,
  'models/means.sql': `{{ config(materialized='table') }}
    select {{ function('weighted') }}(value, weight) as mean
    from (values (1, 1), (4, 2)) as numbers (value, weight)`,
}

const prices = { usual: '15.00', low: '12.50', country: 'Iceland' }
const selectPrices = 'select usual::varchar as usual, low::varchar as low, country'

describe('functions of a project', () => {
  it('stand in the lake before the models that call them', async () => {
    const lake: Lake = await openFolderLake(folder.path)
    try {
      await writeProject(folder.path, files)
      const result = await runFolder(folder.path, lake)
      expect(statuses(result)).toEqual({
        countries: 'success',
        with_tax: 'success',
        country_of: 'success',
        weighted: 'success',
        a_prices: 'success',
        means: 'success',
      })
      expect(await queryLake(lake, `${selectPrices} from lake.main.a_prices`)).toEqual([prices])
      expect(await queryLake(lake, 'from lake.main.means')).toEqual([{ mean: 3 }])
      // A macro of the lake, for whoever attaches it.
      expect(await queryLake(lake, "select lake.main_tools.country_of('fi') as name")).toEqual([
        { name: 'Finland' },
      ])
      await runFolder(folder.path, lake, { vars: { extra: 1 } })
      const changed = await queryLake(
        lake,
        'select usual::varchar as usual from lake.main.a_prices',
      )
      expect(changed).toEqual([{ usual: '25.00' }])
    } finally {
      lake.close()
    }
  })

  it('stand in a plain database too, and one that is wrong keeps its models from being built', async () => {
    await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
    const adapter = duckdbAdapter(duckdb, 'memory', { keepsHistory: false, publish: 'per-node' })
    await writeProject(folder.path, {
      ...files,
      'functions/weighted.sql': 'sum(value * weight / sum(',
    })
    const result = await runFolder(folder.path, adapter, { database: 'memory' })
    expect(statuses(result)).toMatchObject({
      with_tax: 'success',
      a_prices: 'success',
      weighted: 'error',
      means: 'skipped',
    })
    expect(messageOf(result, 'weighted')).toContain('Parser Error')
  })

  it('may be made by the macros of the project', async () => {
    await using duckdb = await openDuckdb({ extensionDirectory, threads: 1 })
    const adapter = duckdbAdapter(duckdb, 'memory', { keepsHistory: false })
    await writeProject(folder.path, {
      ...files,
      'macros/functions.sql': `{% macro duckdb__scalar_function_sql(target_relation) %}
        create or replace macro {{ target_relation.render() }}({{ model.arguments | map(attribute='name') | join(', ') }}) as 'own'
      {% endmacro %}`,
      'functions/weighted.sql': '0',
      'models/a_prices.sql': `{{ config(materialized='table') }} select {{ function('with_tax') }}(1, 2) as who`,
      'models/means.sql': '',
    })
    const result = await runFolder(folder.path, adapter, {
      database: 'memory',
      select: ['with_tax+'],
    })
    expect(messageOf(result, 'with_tax')).toBe(undefined)
    expect(statuses(result)).toEqual({ with_tax: 'success', a_prices: 'success' })
    const rows = await duckdb.withConnection(async (connection) => {
      const reader = await connection.runAndReadAll('from memory.main.a_prices')
      return reader.getRowObjects()
    })
    expect(rows).toEqual([{ who: 'own' }])
  })
})
