import { describe, expect, it } from 'vitest'
import { compileFiles, sqlsOf } from '../../../support/project.ts'

describe('Jinja in YAML', () => {
  it('is rendered in configs, sources and descriptions, and becomes what YAML would make of it', async () => {
    const compiled = await compileFiles(
      {
        'dbt_project.yml': `
name: shop
vars: {since: "{{ env_var('SINCE', '2024') }}", table: ev}
models: {shop: {+enabled: "{{ target.name == 'test' }}", +schema: "{{ env_var('AREA') }}", +post-hook: "drop {{ this }}{% if execute %}{{ nope() }}{% endif %}"}}
`,
        'models/a.sql': "select {{ var('since') | int + 1 }} from {{ source('raw', 'events') }}",
        'models/a.yml': `
sources:
  - name: raw
    schema: "{{ env_var('AREA') }}_raw"
    tables: [{name: events, identifier: "{{ var('table') }}"}]
models:
  - name: a
    description: "{{ doc('about_a') }} ({{ doc('shop', 'unit') }})"
    config: {materialized: "{{ 'table' if target.schema == 'main' else 'view' }}"}
    columns:
      - name: id
        data_tests:
          - not_null: {where: "d > {{ var('since') }}"}
          - accepted_values: {values: ["{{ var('table') }}", "env_var('AREA')", plain]}
`,
        'models/about.md':
          'x {% docs about_a %}\nAll of *a*.\n{% enddocs %} {{ not jinja here {% docs unit %}EUR{% enddocs %}',
      },
      { environment: { AREA: 'eu' } },
    )
    const { graph } = compiled
    expect(graph.problems.map(({ message }) => message)).toEqual([])
    const model = graph.nodes.get('model.shop.a')
    expect(model).toMatchObject({
      description: 'All of *a*. (EUR)',
      materialized: 'table',
      relation: { schema: 'main_eu' },
    })
    expect(compiled.sql.get('model.shop.a')).toBe('select 2025 from "lake"."eu_raw"."ev"')
    const tests = sqlsOf(compiled, 'test.')
    expect(tests.find((sql) => sql.includes('is null'))).toContain('where d > 2024')
    expect(tests.find((sql) => sql.includes('not in'))).toContain("'ev','eu','plain'")
  })

  it('renders docs blocks without any names', async () => {
    const { graph } = await compileFiles({
      'models/about.md':
        '{% docs a %} {{ nobody }}x{# y #}{% raw %}{{ z }}{% endraw %} {% enddocs %}{% docs b %}{{ ref("a") }}{% enddocs %}',
    })
    expect(graph.docs.get('doc.shop.a')?.text).toBe('x{{ z }}')
    expect(graph.problems.map(({ code, at }) => [code, at?.file])).toEqual([
      ['model/template-failed', 'models/about.md'],
    ])
  })

  it('names the entry whose value cannot be rendered', async () => {
    const { graph } = await compileFiles({
      'models/a.sql': 'select 1',
      'models/a.yml': 'models:\n  - name: a\n    description: "{{ doc(\'abuot\') }}"\n',
      'models/about.md': '{% docs about %}x{% enddocs %}',
    })
    expect(graph.problems).toMatchObject([
      {
        code: 'model/unknown-doc',
        at: { file: 'models/a.yml', line: 2 },
        hint: expect.stringMatching(/^did you mean about\?/),
      },
    ])
  })
})
