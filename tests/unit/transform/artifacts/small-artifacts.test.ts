/** Artifacts beside the manifest, against the keys recorded from dbt. */
import { describe, expect, it } from 'vitest'
import { catalogOf, readCatalog } from '../../../../transform/artifacts/catalog.ts'
import { graphSummaryOf } from '../../../../transform/artifacts/graph-summary.ts'
import { runResultsOf } from '../../../../transform/artifacts/run-results.ts'
import { semanticManifestOf } from '../../../../transform/artifacts/semantic-manifest.ts'
import { sourcesArtifactOf } from '../../../../transform/artifacts/sources-artifact.ts'
import { findArtifactFaults } from '../../../support/artifact-keys.ts'
import {
  makeColumn,
  makeGraph,
  makeModel,
  makeSeed,
  makeSource,
  makeTest,
} from '../../../support/graph-nodes.ts'

const at = '2024-11-25T12:00:00.000Z'
const invocation = { id: 'f3b1', startedAt: at, generatedAt: at, environment: {} }
const timing = [{ name: 'execute' as const, startedAt: at, completedAt: at }]
const orders = makeModel({ name: 'orders', dependencies: ['seed.shop.people'] })
const graph = makeGraph({
  nodes: [orders, makeSeed({ name: 'people' }), makeTest({ name: 'sane' })],
  sources: [makeSource({ name: 'events' })],
})

describe('runResultsOf', () => {
  const results = [
    { id: orders.id, status: 'success' as const, elapsedMs: 1_500, timing, rows: 3 },
    { id: 'seed.shop.people', status: 'success' as const, elapsedMs: 1 },
    { id: 'test.shop.sane', status: 'fail' as const, elapsedMs: 1, failures: 2, message: 'two' },
  ]
  const artifact = runResultsOf(results, graph, {
    invocation,
    args: { which: 'build' },
    elapsedMs: 2_000,
    compiled: new Map([
      [orders.id, { code: 'select 1', ctes: [], compiledPath: undefined, buildPath: undefined }],
    ]),
  })

  it('has every key that dbt writes, and no other', () => {
    expect(findArtifactFaults('run_results', artifact)).toEqual([])
  })

  it('counts in seconds and tells what was sent', () => {
    expect(artifact).toMatchObject({
      elapsed_time: 2,
      args: { which: 'build' },
      results: [
        {
          execution_time: 1.5,
          adapter_response: { _message: 'INSERT 3', code: 'INSERT', rows_affected: 3 },
          message: 'OK',
          failures: null,
          compiled: true,
          compiled_code: 'select 1',
          relation_name: '"dev"."main"."orders"',
        },
        { compiled: null, compiled_code: null, relation_name: null },
        { status: 'fail', failures: 2, message: 'two', relation_name: null },
      ],
    })
  })
})

it('writes sources.json as dbt does', () => {
  const artifact = sourcesArtifactOf(
    [
      {
        id: 'source.shop.raw.events',
        status: 'warn',
        maxLoadedAt: at,
        checkedAt: at,
        ageSeconds: 90,
        criteria: { warn_after: { count: 1, period: 'minute' } },
        timing,
        thread: 'main',
        elapsedMs: 10,
      },
      { id: 'source.shop.raw.gone', status: 'runtime error', error: 'no such table' },
    ],
    { invocation, elapsedMs: 20 },
  )
  expect(findArtifactFaults('sources', artifact)).toEqual([])
  expect(artifact).toMatchObject({
    metadata: { dbt_schema_version: 'https://schemas.getdbt.com/dbt/sources/v3.json' },
    results: [{ max_loaded_at_time_ago_in_s: 90, criteria: { error_after: null } }, {}],
  })
})

describe('catalogOf', () => {
  const answers = async (sql: string) =>
    sql.includes('duckdb_columns')
      ? [
          row('ORDERS', {
            column_name: 'id',
            column_index: 1,
            data_type: 'BIGINT',
            comment: 'key',
          }),
          row('stranger', { column_name: 'x', column_index: 1, data_type: 'DATE', comment: null }),
        ]
      : [
          row('ORDERS', { comment: null, estimated_size: 7n, kind: 'BASE TABLE' }),
          row('stranger', { comment: null, estimated_size: null, kind: 'VIEW' }),
        ]
  const row = (table_name: string, rest: Readonly<Record<string, unknown>>) => ({
    database_name: 'dev',
    schema_name: 'main',
    table_name,
    ...rest,
  })

  it('describes the relations of the graph, and no others', async () => {
    const artifact = catalogOf(await readCatalog(graph, answers), graph, { invocation })
    expect(findArtifactFaults('catalog', artifact)).toEqual([])
    expect(artifact['nodes']).toEqual({
      [orders.id]: {
        metadata: {
          type: 'BASE TABLE',
          schema: 'main',
          name: 'ORDERS',
          database: 'dev',
          comment: null,
          owner: null,
        },
        columns: { id: { type: 'BIGINT', index: 1, name: 'id', comment: 'key' } },
        stats: {
          row_count: {
            id: 'row_count',
            label: 'Row Count',
            value: 7,
            include: true,
            description: 'Rows that the database estimates the table to hold',
          },
          has_stats: {
            id: 'has_stats',
            label: 'Has Stats?',
            value: true,
            include: false,
            description: 'Indicates whether there are statistics for this table',
          },
        },
        unique_id: orders.id,
      },
    })
  })

  it('tells the bytes of a table where they are known', async () => {
    const tables = await readCatalog(graph, answers, ({ name }) =>
      name === 'ORDERS' ? 9 : undefined,
    )
    expect(tables.map(({ stats }) => stats.map(({ id, value }) => [id, value]))).toEqual([
      [
        ['row_count', 7],
        ['bytes', 9],
      ],
      [],
    ])
  })

  it('leaves out what was not selected', async () => {
    const tables = await readCatalog(graph, answers)
    const artifact = catalogOf(tables, graph, { invocation, selected: new Set() })
    expect(artifact).toMatchObject({ nodes: {}, sources: {}, errors: null })
  })
})

it('sums a graph up by numbers', () => {
  expect(graphSummaryOf(graph, 'f3b1')).toEqual({
    _invocation_id: 'f3b1',
    linked: {
      0: { name: orders.id, type: 'model' },
      1: { name: 'seed.shop.people', type: 'seed', succ: [0] },
      2: { name: 'test.shop.sane', type: 'test' },
      3: { name: 'source.shop.raw.events', type: 'source' },
    },
  })
})

it('names the time spines for a metrics layer', () => {
  const days = makeModel({
    name: 'days',
    columns: [makeColumn({ name: 'day', granularity: 'day' })],
    timeSpine: { standard_granularity_column: 'day' },
  })
  expect(semanticManifestOf(makeGraph({ nodes: [days] }))).toMatchObject({
    project_configuration: {
      time_spines: [
        {
          node_relation: { relation_name: '"dev"."main"."days"' },
          primary_column: { name: 'day', time_granularity: 'day' },
        },
      ],
    },
  })
})
