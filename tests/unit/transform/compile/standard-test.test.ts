import { describe, expect, it } from 'vitest'
import { compileFiles, type Files, sqlsOf } from '../../../support/project.ts'

const models: Files = {
  'models/orders.sql': 'select 1 as id',
  'models/users.sql': "{{ config(materialized='ephemeral') }} select 1 as id",
}

const replaced: Files = {
  'macros/failures.sql': `{% macro should_store_failures() %}{% set asked = config.get('store_failures') %}
    {% do return(flags.STORE_FAILURES if asked is none else asked) %}{% endmacro %}`,
}

function schema(tests: string): Files {
  return {
    ...models,
    'models/schema.yml': `
sources: [{name: raw, tables: [{name: events}]}]
models:
  - name: orders
    columns:
      - name: id
        data_tests:
${tests.trim().replaceAll(/^/gm, '          ')}
`,
  }
}

const cases = [
  '- unique',
  '- not_null',
  '- not_null: {config: {where: "id > 0"}}',
  '- not_null: {config: {store_failures: true}}',
  '- not_null: {config: {store_failures_as: ephemeral, store_failures: true}}',
  '- accepted_values: {values: [1, "it\'\'s", true, 1.50, null]}',
  '- accepted_values: {values: [1, 2], quote: false}',
  '- accepted_values: {values: ["{{ 1 + 1 }}"], config: {where: "id is not null"}}',
  "- relationships: {to: ref('orders'), field: id}",
  '- relationships: {to: "source(\'raw\', \'events\')", field: "id + 1"}',
  "- relationships: {to: ref('users'), field: id}",
]

describe("a generic test of dbt's own", () => {
  it.each(cases)('has the text that its macro gives: %s', async (test) => {
    const direct = await compileFiles(schema(test))
    // A macro of the project's own, though it says the same, makes every test go through the templates.
    const rendered = await compileFiles({ ...schema(test), ...replaced })
    expect(direct.graph.problems).toEqual([])
    const sqls = sqlsOf(direct, 'test.')
    expect(sqls).toHaveLength(1)
    expect(sqls).toEqual(sqlsOf(rendered, 'test.'))
  })

  it('is known without its macro, unless somebody has replaced a part of it', async () => {
    const known = async (files: Files) => {
      const { graph, renderer } = await compileFiles(files)
      const [id = ''] = [...graph.nodes.keys()].filter((each) => each.startsWith('test.'))
      return renderer.standardTest(id)?.test
    }
    const unique = schema('- unique')
    expect(await known(unique)).toBe('unique')
    expect(await known({ ...unique, ...replaced })).toBeUndefined()
    const own = '{% test unique(model, column_name) %}select 1 from {{ model }}{% endtest %}'
    expect(await known({ ...unique, 'macros/unique.sql': own })).toBeUndefined()
    const dispatched = '{% macro default__test_unique(model, column_name) %}select 1{% endmacro %}'
    expect(await known({ ...unique, 'macros/unique.sql': dispatched })).toBeUndefined()
    expect(await known(schema("- relationships: {to: ref('users'), field: id}"))).toBeUndefined()
  })
})
