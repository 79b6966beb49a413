import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/index.ts'
import { makeFolder, writeProject } from '../../../support/project.ts'

async function load(text: string) {
  await using folder = await makeFolder()
  return await loadProject(await writeProject(folder.path, { 'models/deep/s.yml': text }))
}

describe('a model in a schema file', () => {
  it('keeps everything that is said of it', async () => {
    const { properties, problems } = await load(`
models:
  - name: a
    description: it
    docs: {show: false, node_color: red}
    access: public
    group: g
    config: {contract: {enforced: true}, meta: {x: "{{ 1 }}"}}
    meta: {y: 1}
    deprecation_date: 2030-01-01
    constraints: [{type: primary_key, columns: [id]}]
    time_spine: {standard_granularity_column: day, custom_granularities: [{name: fiscal}]}
    columns:
      - name: id
        description: key
        data_type: int
        quote: true
        tags: [t]
        meta: {a: 1}
        config: {tags: [u, t], meta: {b: 1}}
        constraints: [{type: not_null}, {type: check, expression: id > 0}]
        granularity: day
        dimension: {type: time, validity_params: {is_end: true}}
        entity: primary
        policy_tags: [p]
`)
    expect(problems).toEqual([])
    const config = {
      docs: { show: false, node_color: 'red' },
      access: 'public',
      group: 'g',
      contract: { enforced: true },
      meta: { x: '{{ 1 }}', y: 1 },
    }
    expect(properties).toEqual([
      {
        package: 'shop',
        kind: 'model',
        name: 'a',
        file: 'models/deep/s.yml',
        folders: ['deep'],
        description: 'it',
        config,
        unrendered: config,
        deprecationDate: '2030-01-01',
        quoteColumns: undefined,
        constraints: [{ type: 'primary_key', columns: ['id'] }],
        timeSpine: {
          standard_granularity_column: 'day',
          custom_granularities: [{ name: 'fiscal', column_name: null }],
        },
        columns: [
          {
            name: 'id',
            description: 'key',
            dataType: 'int',
            quote: true,
            tags: ['t', 'u'],
            meta: { a: 1, b: 1 },
            config: { tags: ['u', 't'], meta: { b: 1 } },
            constraints: [{ type: 'not_null' }, { type: 'check', expression: 'id > 0' }],
            docs: {},
            granularity: 'day',
            dimension: {
              name: 'id',
              type: 'time',
              description: 'key',
              label: null,
              is_partition: false,
              config: {},
              validity_params: { is_start: false, is_end: true },
            },
            entity: 'primary',
            extra: { policy_tags: ['p'] },
          },
        ],
        tests: [],
        versions: [],
        latest: undefined,
        latestVersion: undefined,
        at: { file: 'models/deep/s.yml', line: 3, column: 5 },
      },
    ])
  })

  it('has versions that merge its config and keep their names', async () => {
    const { properties, problems } = await load(`
models:
  - name: a
    description: all
    config: {meta: {x: 1, y: 1}, tags: [t]}
    constraints: [{type: unique, columns: [id]}]
    columns: [{name: id}, {name: old}]
    versions:
      - {v: 1, config: {meta: {y: 2}}}
      - v: "2"
        description: second
        deprecation_date: 2031-01-01
        constraints: [{type: check, expression: "true"}]
        columns: [{include: [id]}, {name: new}]
      - {v: 10, columns: [{include: "*", exclude: [old]}]}
`)
    expect(problems).toEqual([])
    const [model] = properties
    expect(model).toMatchObject({ latest: 10, latestVersion: '10' })
    expect(model?.versions).toMatchObject([
      {
        v: 1,
        version: '1',
        description: 'all',
        config: { meta: { x: 1, y: 2 }, tags: ['t'] },
        unrendered: { meta: { x: 1, y: 2 }, tags: ['t'] },
        constraints: [{ type: 'unique' }],
        columns: [{ name: 'id' }, { name: 'old' }],
      },
      {
        v: '2',
        description: 'second',
        deprecationDate: '2031-01-01',
        constraints: [{ type: 'check' }],
        columns: [{ name: 'id' }, { name: 'new' }],
      },
      { v: 10, columns: [{ name: 'id' }] },
    ])
  })

  it('has lists of its config twice among what was written, as dbt has', async () => {
    const { properties } = await load('models: [{name: a, meta: {x: 1}, config: {tags: [t]}}]')
    expect(properties[0]?.config).toEqual({ meta: { x: 1 }, tags: ['t'] })
    expect(properties[0]?.unrendered).toEqual({ meta: { x: 1 }, tags: ['t', 't'] })
  })

  it('reads data tests in every spelling, with descriptions', async () => {
    const { properties, problems } = await load(`
models:
  - name: a
    data_tests:
      - unique_combination: {arguments: {columns: [a, b]}, name: combined, description: once}
    columns:
      - name: id
        tests:
          - unique
          - {test_name: not_null, where: id > 0, config: {severity: warn}}
          - {a: 1, b: 2}
`)
    expect(properties[0]?.tests).toMatchObject([
      { test: 'unique_combination', name: 'combined', description: 'once', column: undefined },
      { test: 'unique', column: 'id', config: {}, arguments: {} },
      {
        test: 'not_null',
        column: 'id',
        config: { where: 'id > 0', severity: 'warn' },
        unrendered: { where: 'id > 0', severity: 'warn' },
      },
    ])
    expect(problems.map(({ message }) => message)).toEqual([
      'models[0].columns[0].tests[2]: names a and b: indent the arguments of a data test below its name.',
    ])
  })

  it('reports constraints of no known type and flags that are none', async () => {
    const { problems } = await load(
      'models: [{name: a, constraints: [{type: uniq}], columns: [{name: b, quote: perhaps}]}]',
    )
    expect(problems.map(({ message }) => message)).toEqual([
      'models[0].columns[0].quote: must be true or false.',
      'models[0].constraints[0].type: must be one of check, not_null, unique, primary_key, foreign_key, custom.',
    ])
  })
})

describe('other nodes in a schema file', () => {
  it('are snapshots, analyses and singular tests', async () => {
    const project = await load(`
snapshots:
  - name: s
    relation: ref('a')
    config: {strategy: check, check_cols: all, unique_key: id}
    columns: [{name: id, data_tests: [unique]}]
  - {name: t, relation: a}
analyses: [{name: an, description: d, columns: [{name: c}], docs: {show: false}}]
data_tests: [{name: singular, description: why, config: {severity: warn}}]
`)
    expect(project.snapshotProperties).toMatchObject([
      {
        name: 's',
        relation: "ref('a')",
        config: { strategy: 'check' },
        tests: [{ test: 'unique', column: 'id' }],
      },
      { name: 't' },
    ])
    expect(project.analysisProperties).toMatchObject([
      { name: 'an', description: 'd', columns: [{ name: 'c' }], config: { docs: { show: false } } },
    ])
    expect(project.testProperties).toMatchObject([
      { name: 'singular', description: 'why', config: { severity: 'warn' } },
    ])
    expect(project.problems.map(({ message }) => message)).toEqual([
      "snapshots[1].relation: must be ref('…') or source('…', '…').",
    ])
  })

  it('are macros and functions with their arguments', async () => {
    const project = await load(`
macros:
  - name: m
    description: d
    docs: {show: false}
    meta: {a: 1}
    config: {meta: {b: 1}}
    arguments: [{name: x, type: string, description: dx}, {name: y}]
functions:
  - name: f
    config: {type: scalar}
    arguments: [{name: x, data_type: int, default_value: 1}]
    returns: {data_type: int, description: r}
    overloads: [{defined_in: f_text, arguments: [{name: x, data_type: text}]}]
  - {name: g, arguments: [{name: x}]}
`)
    expect(project.macroProperties).toMatchObject([
      {
        name: 'm',
        docs: { show: false },
        meta: { a: 1, b: 1 },
        arguments: [
          { name: 'x', type: 'string', description: 'dx' },
          { name: 'y', type: undefined, description: '' },
        ],
      },
    ])
    expect(project.functionProperties[0]).toMatchObject({
      name: 'f',
      arguments: [{ name: 'x', dataType: 'int', defaultValue: 1 }],
      returns: { dataType: 'int', description: 'r' },
      overloads: [{ definedIn: 'f_text', arguments: [{ name: 'x', dataType: 'text' }] }],
    })
    expect(project.problems.map(({ message }) => message)).toEqual([
      'functions[1]: needs returns with a data_type.',
      'functions[1].arguments[0]: needs a data_type.',
    ])
  })
})

describe('groups, exposures and unit tests', () => {
  it('are read with all that dbt knows of them', async () => {
    const project = await load(`
groups: [{name: g, description: d, owner: {email: [a, b], slack: x}, config: {meta: {m: 1}}}]
exposures:
  - name: dash
    label: Dash board
    type: dashboard
    maturity: low
    url: https://x
    owner: {name: o}
    depends_on: [ref('a'), "source('s', 't')", metric('m')]
    tags: [t]
    meta: {a: 1}
    config: {tags: [u], enabled: false}
unit_tests:
  - name: u
    model: a
    description: d
    given:
      - {input: ref('b'), rows: [{id: 1}, {id: null}]}
      - {input: this, format: csv, rows: "id\\n1"}
      - {input: "source('s', 't')", format: sql, fixture: rows_of_t}
    expect: {format: sql, rows: select 1 as id}
    overrides: {macros: {is_incremental: true}, vars: {v: 1}, env_vars: {E: x}}
    versions: {include: [1, two]}
    config: {tags: [q]}
`)
    expect(project.problems).toEqual([])
    expect(project.groups).toMatchObject([
      { name: 'g', description: 'd', owner: { email: ['a', 'b'], slack: 'x' } },
    ])
    expect(project.exposures).toMatchObject([
      {
        name: 'dash',
        label: 'Dash board',
        type: 'dashboard',
        maturity: 'low',
        url: 'https://x',
        owner: { name: 'o' },
        dependsOn: ["ref('a')", "source('s', 't')", "metric('m')"],
        config: { tags: ['t', 'u'], meta: { a: 1 }, enabled: false },
        unrendered: { tags: ['u'], enabled: false },
      },
    ])
    expect(project.unitTests).toMatchObject([
      {
        name: 'u',
        model: 'a',
        given: [
          {
            input: "ref('b')",
            format: 'dict',
            rows: [{ id: 1 }, { id: null }],
            fixture: undefined,
          },
          { input: 'this', format: 'csv', rows: 'id\n1' },
          { input: "source('s', 't')", format: 'sql', rows: undefined, fixture: 'rows_of_t' },
        ],
        expect: { format: 'sql', rows: 'select 1 as id' },
        overrides: { macros: { is_incremental: true }, vars: { v: 1 }, env_vars: { E: 'x' } },
        versions: { include: [1, 'two'], exclude: undefined },
        config: { tags: ['q'] },
      },
    ])
    expect(project.references.map(({ kind, call }) => `${kind} ${call}`)).toEqual([
      "exposure ref('a')",
      "exposure source('s', 't')",
      "exposure metric('m')",
      "unit test ref('a')",
      "unit test ref('b')",
      "unit test source('s', 't')",
    ])
  })

  it('report rows that cannot be meant', async () => {
    const { problems } = await load(`
unit_tests:
  - name: u
    model: a
    given:
      - {input: ref('b'), rows: [1]}
      - {input: ref('c'), rows: [{a: 1}], fixture: f}
      - {input: ref('d'), format: csv, rows: [{a: 1}]}
      - {input: ref('e'), format: xml}
    expect: {rows: []}
    versions: {include: [1], exclude: [2]}
`)
    expect(problems.map(({ message }) => message.replace('unit_tests[0].', ''))).toEqual([
      'given[0].rows: must be a list of maps of columns and values.',
      'given[1]: has rows and a fixture: say one of them.',
      'given[1].fixture: needs format: csv or format: sql.',
      'given[2].rows: must be text for the format csv.',
      'given[3].format: must be dict, csv or sql.',
      'versions: cannot both include and exclude versions.',
    ])
  })
})
