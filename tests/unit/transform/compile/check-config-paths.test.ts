import { expect, it } from 'vitest'
import { compileFiles } from '../../../support/project.ts'

async function warningsOf(settings: string) {
  const { graph } = await compileFiles({
    'dbt_project.yml': `name: shop\n${settings}`,
    'models/staging/orders.sql': 'select 1 as id',
    'models/off/gone.sql': '{{ config(enabled=false) }} select 1 as id',
    'models/schema.yml':
      'sources: [{name: raw, tables: [{name: t}]}]\nmodels: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]\n',
  })
  expect(graph.problems).toEqual([])
  return graph.warnings.map(({ code, message, at }) => `${code} ${at?.file} ${message}`)
}

it('names every config path that applies to nothing, in one warning', async () => {
  const settings = `
models:
  +materialized: view
  shop: {stagign: {+tags: [a], deep: {+tags: [b]}}, staging: {orders: {+alias: o, nope: {enabled: true}}}}
  pack: {+enabled: false}
seeds: {+quote_columns: true}
data_tests: {shpo: {+severity: warn}}
semantic-models: {shop: {+enabled: true}}
`
  expect(await warningsOf(settings)).toEqual([
    'model/unused-config-paths dbt_project.yml Configuration paths which do not apply to any resources: ' +
      'models.shop.stagign (did you mean staging?), models.shop.stagign.deep, ' +
      'models.shop.staging.orders.nope, models.pack, ' +
      'data_tests.shpo (did you mean shop?).',
  ])
})

it('takes a path that applies to a folder, a name, a source, a test or a disabled model', async () => {
  const settings = `
models: {shop: {+tags: [x], staging: {orders: {+alias: o}}, off: {+tags: [y]}}}
sources: {shop: {raw: {t: {+enabled: true}}}}
data_tests: {shop: {+severity: warn}}
`
  expect(await warningsOf(settings)).toEqual([])
})
