import { describe, expect, it } from 'vitest'
import { compileFiles, type Files } from '../../../support/project.ts'

const compile = async (files: Files) => (await compileFiles(files)).graph
const problemsOf = async (files: Files) =>
  (await compile(files)).problems.map(({ code, at, message, hint }) =>
    [code, `${at?.file}:${at?.line ?? ''}`, message, hint ?? ''].join(' ').trim(),
  )

const versions = `
models:
  - name: orders
    latest_version: 2
    config: {materialized: table}
    columns:
      - {name: id, data_tests: [unique]}
      - {name: old, data_tests: [not_null]}
    versions:
      - v: 1
        config: {materialized: view}
      - v: 2
        defined_in: orders_new
        columns:
          - {include: all, exclude: [old]}
          - {name: fresh, data_tests: [not_null]}
      - v: 3
`

describe('a model with versions', () => {
  const files = {
    'models/orders.yml': versions,
    'models/orders_v1.sql': 'select 1 as id',
    'models/orders_new.sql': 'select 2 as id',
    'models/orders_v3.sql': 'select 3 as id',
    'models/reader.sql':
      "select * from {{ ref('orders') }}, {{ ref('orders', v=1) }}, {{ ref('shop', 'orders', version=3) }}",
  }

  it('is one node a version, and a ref without one means the latest', async () => {
    const { graph, sql } = await compileFiles(files)
    expect(graph.problems).toEqual([])
    expect(graph.nodes.get('model.shop.reader')).toMatchObject({
      dependencies: ['model.shop.orders.v2', 'model.shop.orders.v1', 'model.shop.orders.v3'],
    })
    expect(sql.get('model.shop.reader')).toBe(
      'select * from "lake"."main"."orders_v2", "lake"."main"."orders_v1", "lake"."main"."orders_v3"',
    )
    expect(graph.nodes.get('model.shop.orders.v1')).toMatchObject({
      name: 'orders',
      materialized: 'view',
      fqn: ['shop', 'orders', 'v1'],
    })
    expect(graph.nodes.get('model.shop.orders.v2')).toMatchObject({
      materialized: 'table',
      columns: [{ name: 'id' }, { name: 'fresh' }],
    })
  })

  it('has the tests of the columns that each version has', async () => {
    const graph = await compile(files)
    const names = [...graph.nodes.values()].filter(({ kind }) => kind === 'test')
    expect(names.map(({ name }) => name).sort()).toEqual([
      'not_null_orders_v1_old',
      'not_null_orders_v2_fresh',
      'not_null_orders_v3_old',
      'unique_orders_v1_id',
      'unique_orders_v2_id',
      'unique_orders_v3_id',
    ])
  })

  it('says which version has no file, is named twice or is not there', async () => {
    expect(
      await problemsOf({
        'models/a.yml':
          'models:\n  - name: a\n    latest_version: 9\n    versions: [{v: 1}, {v: 2}, {v: 1}]',
        'models/a_v1.sql': 'select 1',
        'models/b.sql': "select * from {{ ref('a', v=4) }}",
      }),
    ).toEqual([
      'model/invalid-property models/a.yml:4 models[0].versions: names version 1 twice.',
      'model/invalid-property models/a.yml:3 models[0].latest_version: is 9, which is not among the versions.',
      'model/missing-version models/a.yml:4 Version 2 of a has no file: there is no a_v2.sql. did you mean a_v1.sql? defined_in: names a file without its ending.',
      'model/unknown-ref models/b.sql:1 b refers to a.v4, which this project does not define. did you mean a.v1? `millrace ls` prints every name.',
    ])
  })
})

describe('groups', () => {
  it('keep private models to themselves', async () => {
    const files = {
      'models/g.yml': `
groups: [{name: sales, owner: {name: ann}}]
models:
  - {name: a, config: {group: sales, access: private}}
  - {name: b, group: sales}
  - {name: d, group: sails}
`,
      'models/a.sql': 'select 1',
      'models/b.sql': "select * from {{ ref('a') }}",
      'models/c.sql': "select * from {{ ref('a') }}",
      'models/d.sql': 'select 1',
    }
    expect(await problemsOf(files)).toEqual([
      'model/private-ref models/c.sql: c refers to a, which is private to the group sales. put it into the group sales, or give a access: protected.',
      'model/unknown-group models/d.sql: d belongs to the group sails, which nobody defines. did you mean sales? Groups stand under groups: in a schema file.',
    ])
  })
})

describe('exposures and unit tests', () => {
  it('may name only what is there', async () => {
    const files = {
      'models/a.sql': 'select 1',
      'models/x.yml': `
exposures:
  - {name: board, type: dashboard, owner: {name: ann}, depends_on: [ref('a')]}
  - name: other
    type: dashbord
    owner: {name: ann}
    depends_on:
      - ref('aa')
unit_tests:
  - name: t
    model: a
    given:
      - {input: "source('raw', 'events')", rows: []}
      - {rows: []}
    expect: {rows: []}
  - name: u
`,
    }
    expect(await problemsOf(files)).toEqual([
      'model/invalid-property models/x.yml:5 exposures[1].type: must be one of dashboard, notebook, analysis, ml, application.',
      'model/invalid-property models/x.yml:14 unit_tests[0].given[1]: needs an input, such as ref(…) or source(…).',
      'model/invalid-property models/x.yml:16 unit_tests[1]: needs a model.',
      'model/invalid-property models/x.yml:16 unit_tests[1]: needs expect: the rows that the model must give.',
      'model/unknown-ref models/x.yml:8 other refers to aa, which this project does not define. did you mean a? `millrace ls` prints every name.',
      'model/unknown-source models/x.yml:13 t reads the source raw.events, which no schema file declares. declare it under `sources:` in a .yml file of the models folder.',
    ])
  })
})
