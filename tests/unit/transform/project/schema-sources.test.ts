import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/index.ts'
import { type Files, makeFolder, writeProject } from '../../../support/project.ts'

async function load(files: Files) {
  await using folder = await makeFolder()
  return await loadProject(await writeProject(folder.path, files))
}

const sources = (text: string) => ({ 'models/s.yml': `sources:\n${text}` })
const time = (count: number, period: string) => ({ count, period })
const unsaid = { count: null, period: null }

describe('a source table', () => {
  it('takes from its source what it does not say', async () => {
    const { sources: tables, problems } = await load(
      sources(`
  - name: raw
    description: everything
    database: db
    schema: "{{ var('s') }}"
    loader: landing
    tags: [b]
    quoting: {schema: true, identifier: false}
    config: {enabled: "{{ true }}", event_time: at, meta: {a: 1, b: 1}}
    tables:
      - name: events
        identifier: ev
        description: all
        quoting: {identifier: true}
        external: {location: s3://x, partitions: [{name: d, data_type: date}]}
        config: {tags: [a], meta: {b: 2}}
        columns: [{name: id, quote: true}]
        data_tests: [not_null]
`),
    )
    expect(problems).toEqual([])
    expect(tables).toMatchObject([
      {
        source: 'raw',
        name: 'events',
        package: 'shop',
        file: 'models/s.yml',
        database: 'db',
        schema: "{{ var('s') }}",
        unrenderedSchema: "{{ var('s') }}",
        identifier: 'ev',
        description: 'all',
        sourceDescription: 'everything',
        sourceMeta: { a: 1, b: 1 },
        loader: 'landing',
        quoting: { schema: true, identifier: true },
        external: {
          location: 's3://x',
          file_format: null,
          partitions: [{ name: 'd', data_type: 'date', description: '', meta: {} }],
        },
        config: {
          enabled: '{{ true }}',
          event_time: 'at',
          meta: { a: 1, b: 2 },
          tags: ['a', 'b'],
          loaded_at_field: null,
        },
        columns: [{ name: 'id', quote: true }],
        tests: [{ test: 'not_null' }],
        testTags: ['b'],
        freshness: undefined,
        loadedAtField: undefined,
        at: { line: 12 },
      },
    ])
  })

  it('merges freshness of the four places one by one', async () => {
    const { sources: tables, problems } = await load(
      sources(`
  - name: raw
    freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 2, period: hour}}
    config: {freshness: {error_after: {count: 3, period: hour}, filter: a}}
    tables:
      - name: same
      - name: own
        freshness: {warn_after: {count: 5, period: day}, error_after: null}
        config: {freshness: {filter: b}}
      - {name: off, freshness: null}
      - {name: off_in_config, config: {freshness: null}}
`),
    )
    expect(problems).toEqual([])
    expect(tables.map(({ freshness }) => freshness)).toEqual([
      { warn_after: time(1, 'hour'), error_after: time(3, 'hour'), filter: 'a' },
      { warn_after: time(5, 'day'), error_after: unsaid, filter: 'b' },
      null,
      null,
    ])
    expect(tables[2]?.config).toMatchObject({ freshness: null })
  })

  it('refuses periods and counts that mean nothing', async () => {
    const { problems } = await load(
      sources(`
  - name: raw
    freshness: {warn_after: {count: many, period: hours}}
    tables: [{name: t}]
`),
    )
    expect(problems.map(({ message }) => message)).toEqual([
      'sources[0].freshness.warn_after.period: must be one of minute, hour, day.',
      'sources[0].freshness.warn_after.count: must be a whole number.',
    ])
  })

  it('has the field or the query that tells its age, or neither', async () => {
    const { sources: tables, problems } = await load(
      sources(`
  - name: raw
    loaded_at_field: at
    tables:
      - name: same
      - {name: none, loaded_at_field: null}
      - {name: in_config, config: {loaded_at_field: own}}
      - {name: query, loaded_at_query: select 1}
  - name: other
    config: {loaded_at_query: select 2}
    tables: [{name: field, loaded_at_field: f}, {name: query}]
  - {name: both, loaded_at_field: a, loaded_at_query: b, tables: [{name: t, loaded_at_field: ""}]}
`),
    )
    const said = tables.map(({ name, loadedAtField, loadedAtQuery }) =>
      [name, loadedAtField, loadedAtQuery].join(' '),
    )
    expect(said.slice(0, 6)).toEqual([
      'same at ',
      'none  ',
      'in_config own ',
      'query at select 1',
      'field f ',
      'query  select 2',
    ])
    expect(problems.map(({ message }) => message)).toContain(
      'sources[2]: says both loaded_at_field and loaded_at_query for the source.',
    )
    expect(problems.map(({ message }) => message)).toContain(
      'sources[2].tables[0].loaded_at_field: must not be empty.',
    )
  })
})

describe('a source of a package', () => {
  const tools = {
    'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
    'dbt_packages/tools/models/s.yml': `
sources:
  - name: raw
    schema: theirs
    tables:
      - {name: a, description: old, columns: [{name: id}]}
      - {name: b}
`,
  }

  it('is overridden by the project, key by key and table by table', async () => {
    const project = await load({
      ...tools,
      'models/o.yml': `
sources:
  - name: raw
    overrides: tools
    schema: ours
    tables: [{name: a, description: new}]
  - {name: raw, overrides: nobody}
`,
    })
    expect(project.problems).toEqual([])
    expect(project.sources).toMatchObject([
      {
        name: 'a',
        package: 'tools',
        schema: 'ours',
        description: 'new',
        columns: [{ name: 'id' }],
      },
      { name: 'b', package: 'tools', schema: 'ours', file: 'dbt_packages/tools/models/s.yml' },
    ])
    expect(project.warnings.map(({ message }) => message)).toEqual([
      'A schema file describes the source nobody.raw, which has no file.',
    ])
  })
})
