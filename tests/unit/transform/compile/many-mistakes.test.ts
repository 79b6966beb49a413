import { describe, expect, it } from 'vitest'
import { compileFiles, type Files } from '../../../support/project.ts'

/** Each file has one mistake; what stands beside it must be reported, and nothing else. */
const mistakes: readonly (readonly [file: string, text: string, reported: RegExp])[] = [
  ['models/m01.sql', "select *\nfrom {{ ref('gud') }}", /unknown-ref .*:2:9 .*did you mean good\?/],
  [
    'models/m02.sql',
    "select * from {{ source('raw', 'evnts') }}",
    /unknown-source .*:1:18 .*did you mean raw.events\?/,
  ],
  [
    'models/m03.sql',
    '\n\nselect {{ nothing.at_all }}',
    /undefined-name .*:3:18 .*nothing is undefined in m03/,
  ],
  [
    'models/m04.sql',
    'select {% if true %} 1',
    /template-syntax .*:1:8 .*never closed with {% endif %}/,
  ],
  ['models/m05.sql', "select * from {{ ref('m05') }}", /cycle .*: m05 → m05/],
  [
    'models/m06.sql',
    "{{ config(materialized='vew') }} select 1",
    /unknown-materialization .*did you mean view\?/,
  ],
  ['models/m07.sql', "select {{ var('dayz') }}", /unknown-var .*:1:11 .*did you mean days\?/],
  [
    'models/m08.sql',
    "select '{{ env_var('NOT_SET') }}'",
    /missing-variable .*:1:12 .*export NOT_SET/,
  ],
  [
    'models/m09.sql',
    "{{ config(alias='good') }} select 1",
    /duplicate-relation .*lake\.main\.good/,
  ],
  [
    'models/m10.sql',
    "{{ exceptions.raise_compiler_error('a reason') }}",
    /compiler-error .*:1:14 a reason/,
  ],
  ['models/m11.sql', 'select {{ [1] | frist }}', /template-failed .*:1:15 .*did you mean first\?/],
  [
    'models/m12.sql',
    "{{ config(group='salez') }} select 1",
    /unknown-group .*did you mean sales\?/,
  ],
  [
    'models/m13.sql',
    "select * from {{ ref('secret') }}",
    /private-ref .*private to the group sales/,
  ],
  [
    'models/m14.sql',
    'select {{ twoce() }}',
    /undefined-name .*:1:11 .*twoce is undefined in m14.* did you mean twice\?/,
  ],
  [
    'models/m15.sql',
    '{% do run_query("select 1") %} select 1',
    /no-database .*:1:7 .*guard queries/,
  ],
  [
    'models/m16.yml',
    'models:\n  - name: good\n    columns:\n      - name: id\n        data_tests: [uniqeu]',
    /unknown-test .*:5:\d+ .*did you mean unique\?/,
  ],
  ['models/m17.yml', 'models: [', /not-yaml .*:1/],
  [
    'models/m18.yml',
    'exposures:\n  - {name: x, type: dashboard, owner: {name: a}, depends_on: ["ref(\'goood\')"]}',
    /unknown-ref .*:2:\d+ .*did you mean good\?/,
  ],
  ['macros/m19.sql', '{% macro m(a, %}{% endmacro %}', /template-syntax .*:1:\d+/],
  [
    'tests/m20.sql',
    "select * from {{ ref('good', 'x', 'y') }}",
    /template-failed .*:1:18 .*ref\(\) takes/,
  ],
  [
    'models/m21.yml',
    'models:\n  - name: other\n    description: "{{ doc(\'abuot\') }}"',
    /unknown-doc .*:2:\d+ .*did you mean about\?/,
  ],
  ['packages.yml', 'packages:\n  - local: nowhere', /bad-entry .*:2:\d+ .*no folder/],
]

const sound: Files = {
  'dbt_project.yml': 'name: shop\nvars: {days: 1}\nrequire-dbt-version: "<1.0"\n',
  'models/good.sql': 'select 1 as id',
  'macros/twice.sql': '{% macro twice() %}2{% endmacro %}',
  'models/other.sql': 'select 1 as id',
  'models/secret.sql': "{{ config(access='private', group='sales') }} select 1",
  'models/about.md': '{% docs about %}x{% enddocs %}',
  'models/good.yml':
    'sources: [{name: raw, tables: [{name: events}]}]\ngroups: [{name: sales, owner: {name: a}}]',
}

describe('a project with a mistake in each of many files', () => {
  it('reports every one in one run, each with its file, line and advice', async () => {
    const files = Object.fromEntries(mistakes.map(([file, text]) => [file, text]))
    const { graph } = await compileFiles({ ...sound, ...files })
    const found = [...graph.problems, ...graph.latent.map(({ problem }) => problem)]
    const lines = found.map(({ code, at, message, hint }) => {
      const place = [at?.file, at?.line, at?.column].filter((part) => part !== undefined)
      return `${code} ${place.join(':')} ${message} ${hint ?? ''}`
    })
    for (const [file, , reported] of mistakes) {
      const found = lines.filter((line) => line.includes(` ${file}`) && reported.test(line))
      expect(found, `${file} in\n${lines.join('\n')}`).toHaveLength(1)
    }
    expect(lines.filter((line) => /wrong-dbt-version dbt_project.yml:3/.test(line))).toHaveLength(1)
    expect(lines).toHaveLength(mistakes.length + 1)
  })
})

describe('spellings that dbt no longer wants', () => {
  it('work, and are warned of once each by their names', async () => {
    const { graph } = await compileFiles({
      'dbt_project.yml': 'name: shop\nsource-paths: [sql]\ndata-paths: [csv]\n',
      'sql/a.sql': 'select 1 as id',
      'csv/s.csv': 'id\n1\n',
      'sql/a.yml': `
models:
  - name: a
    meta: {owner: x}
    columns:
      - name: id
        tests:
          - accepted_values: {values: [1], quote: false, severity: warn}
`,
    })
    expect(graph.problems).toEqual([])
    expect([...graph.nodes.values()].map(({ name }) => name)).toContain('s')
    expect(graph.nodes.get('model.shop.a')).toMatchObject({ config: { meta: { owner: 'x' } } })
    expect(graph.warnings.map(({ at, message }) => `${at?.file}:${at?.line} ${message}`)).toEqual([
      'dbt_project.yml:2 ConfigSourcePathDeprecation: source-paths is now model-paths.',
      'dbt_project.yml:3 ConfigDataPathDeprecation: data-paths is now seed-paths.',
      'sql/a.yml:8 MissingArgumentsPropertyInGenericTestDeprecation: arguments of a data test stand under arguments: (2 places).',
      'sql/a.yml:8 PropertyMovedToConfigDeprecation: severity, where, tags and the like of a data test stand under config:.',
    ])
  })
})
