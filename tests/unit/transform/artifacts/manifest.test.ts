/** The manifest against the keys and types that were recorded from dbt, and its parts against what dbt writes. */
import { describe, expect, it } from 'vitest'
import { toArtifactText } from '../../../../transform/artifacts/json.ts'
import { manifestNode, manifestOf } from '../../../../transform/artifacts/manifest.ts'
import type { Graph } from '../../../../transform/compile/graph.ts'
import { findArtifactFaults } from '../../../support/artifact-keys.ts'
import {
  makeAnalysis,
  makeColumn,
  makeDescribed,
  makeFunction,
  makeGenericTest,
  makeGraph,
  makeGroup,
  makeMacro,
  makeModel,
  makeOperation,
  makeSeed,
  makeSnapshot,
  makeSource,
  makeTest,
  makeUnitTest,
} from '../../../support/graph-nodes.ts'

const invocation = {
  id: 'f3b1',
  startedAt: '2024-11-25T12:00:00.250Z',
  generatedAt: '2024-11-25T12:00:01.000Z',
  environment: {},
}

const orders = makeModel({
  name: 'orders',
  group: 'core',
  version: 2,
  latestVersion: 2,
  deprecationDate: '2030-01-01',
  columns: [makeColumn({ name: 'id', constraints: [{ type: 'not_null' }], extra: { pii: true } })],
  constraints: [{ type: 'primary_key', columns: ['id'] }],
  timeSpine: { standard_granularity_column: 'day' },
  config: { contract: { enforced: true }, post_hook: 'analyze' },
  refs: [{ parts: ['people'], version: undefined }],
  dependencies: ['seed.shop.people'],
  patch: { package: 'shop', file: 'models/schema.yml' },
})
const events = makeSource({ name: 'events', properties: { external: { location: 'x' } } })

/** One resource of every kind. */
const everything = makeGraph({
  nodes: [
    orders,
    makeSeed({ name: 'people' }),
    makeSnapshot({ name: 'history' }),
    makeTest({ name: 'no_orphans', dependencies: [orders.id] }),
    makeGenericTest('unique', orders, 'id', { group: 'core' }),
    makeGenericTest('not_null', events, 'id'),
    makeAnalysis({ name: 'look' }),
    makeOperation({ name: 'shop-on-run-start-0' }),
    makeFunction({ name: 'plus_one' }),
  ],
  sources: [events],
  unitTests: [
    makeUnitTest({
      name: 'adds_up',
      dependencies: [orders.id],
      properties: {
        given: [{ input: "ref('people')", format: 'csv', rows: 'id\n1' }],
        expect: { rows: [{ id: 1 }] },
        overrides: { vars: { a: 1 } },
        versions: { include: [2] },
      },
    }),
  ],
  described: [
    makeDescribed('exposure', { name: 'page', properties: { type: 'dashboard', owner: {} } }),
    makeDescribed('metric', { name: 'revenue', properties: { type: 'simple', label: 'Revenue' } }),
    makeDescribed('semantic_model', {
      name: 'sales',
      dependencies: [orders.id],
      properties: { model: "ref('orders')" },
    }),
    makeDescribed('saved_query', { name: 'weekly' }),
  ],
  groups: [makeGroup({ name: 'core' })],
  macros: [makeMacro({ name: 'half' })],
  docs: new Map([
    [
      'doc.shop.note',
      {
        kind: 'doc',
        id: 'doc.shop.note',
        name: 'note',
        package: 'shop',
        file: 'models/docs.md',
        path: 'docs.md',
        text: 'A note.',
      },
    ],
  ]),
  disabled: new Map([['model.shop.old', [makeModel({ name: 'old' })]]]),
})

/** What a reader of the file gets. */
function written(graph: Graph, inputs = {}): Record<string, Record<string, never>> {
  return JSON.parse(toArtifactText(manifestOf(graph, { invocation, ...inputs })))
}

function nodeOf(id: string) {
  const node = everything.nodes.get(id)
  if (node === undefined) throw new Error(`no ${id}`)
  return manifestNode(node, everything)
}

describe('manifestOf', () => {
  it('has every key that dbt writes for every kind of resource, and no other', () => {
    expect(findArtifactFaults('manifest', written(everything))).toEqual([])
  })

  it('has the keys of compiled code once there is some', () => {
    const compiled = new Map(
      [...everything.nodes.keys()].map((id) => {
        const ctes = [{ id: 'model.shop.a', sql: ' a as (select 1)' }]
        return [id, { code: 'select 1', ctes, compiledPath: 'target/x.sql', buildPath: undefined }]
      }),
    )
    const manifest = written(everything, { compiled })
    expect(findArtifactFaults('manifest', manifest)).toEqual([])
    expect(manifest['nodes']?.['model.shop.orders']).toMatchObject({
      compiled: true,
      compiled_code: 'select 1',
      compiled_path: 'target/x.sql',
    })
  })

  it('says which format it is, and of which project', () => {
    expect(written(makeGraph())['metadata']).toEqual({
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
      dbt_version: '1.12.6',
      generated_at: '2024-11-25T12:00:01.000Z',
      invocation_id: 'f3b1',
      invocation_started_at: '2024-11-25T12:00:00.250Z',
      env: {},
      project_name: 'shop',
      project_id: 'fb54f3c5992b96d001bb16e8e92d968d',
      user_id: null,
      send_anonymous_usage_stats: false,
      adapter_type: 'duckdb',
      quoting: { database: true, schema: true, identifier: true, column: null },
      run_started_at: '2024-11-25T12:00:00.250+00:00',
    })
  })

  it('keeps functions apart from the other nodes, but among the edges', () => {
    const manifest = written(everything)
    expect(Object.keys(manifest['functions'] ?? {})).toEqual(['function.shop.plus_one'])
    expect(manifest['nodes']).not.toHaveProperty('function.shop.plus_one')
    expect(manifest['parent_map']).toHaveProperty('function.shop.plus_one', [])
  })

  it('maps edges both ways, sorted', () => {
    const { parent_map: parents, child_map: children } = written(everything)
    expect(parents?.['model.shop.orders']).toEqual(['seed.shop.people'])
    expect(children?.['model.shop.orders']).toEqual([
      'semantic_model.shop.sales',
      'test.shop.no_orphans',
      'test.shop.unique_orders_id',
      'unit_test.shop.adds_up',
    ])
  })

  it('lists the members of a group, with the tests of its models', () => {
    expect(written(everything)['group_map']).toEqual({
      core: ['model.shop.orders', 'test.shop.unique_orders_id'],
    })
  })
})

describe('manifestNode', () => {
  it('names a relation as the project quotes it', () => {
    expect(nodeOf('model.shop.orders')['relation_name']).toBe('"dev"."main"."orders"')
    const plain = makeGraph({ quoting: { schema: false } })
    expect(manifestNode(orders, plain)['relation_name']).toBe('"dev".main."orders"')
  })

  it('names no relation of what leaves none', () => {
    for (const id of ['test.shop.no_orphans', 'analysis.shop.look']) {
      expect(nodeOf(id)['relation_name']).toBeNull()
    }
    const inline = makeModel({ name: 'inline', materialized: 'ephemeral' })
    expect(manifestNode(inline, makeGraph())['relation_name']).toBeNull()
    const kept = makeTest({ name: 'kept', config: { store_failures: true } })
    expect(manifestNode(kept, makeGraph())['relation_name']).toBe('"dev"."main"."kept"')
  })

  it('writes a date without a time as midnight', () => {
    expect(nodeOf('model.shop.orders')['deprecation_date']).toBe('2030-01-01T00:00:00+00:00')
  })

  it('fills the constraints of a column in and keeps keys of the user', () => {
    expect(nodeOf('model.shop.orders')['columns']).toMatchObject({
      id: {
        pii: true,
        constraints: [
          {
            type: 'not_null',
            name: null,
            expression: null,
            warn_unenforced: true,
            warn_unsupported: true,
            to: null,
            to_columns: [],
          },
        ],
      },
    })
  })

  it('tells how the macro of a generic test is called', () => {
    expect(nodeOf('test.shop.unique_orders_id')).toMatchObject({
      checksum: { name: 'none', checksum: '' },
      column_name: 'id',
      file_key_name: 'models.orders',
      attached_node: 'model.shop.orders',
      group: 'core',
      test_metadata: {
        name: 'unique',
        namespace: null,
        kwargs: {
          column_name: 'id',
          model: "{{ get_where_subquery(ref('orders', version='2')) }}",
        },
      },
    })
  })

  it('attaches the test of a source to no node', () => {
    expect(nodeOf('test.shop.not_null_events_id')).toMatchObject({
      attached_node: null,
      file_key_name: 'sources.raw',
      test_metadata: { kwargs: { model: "{{ get_where_subquery(source('raw', 'events')) }}" } },
    })
  })

  it('gives the folder of the project that a seed belongs to', () => {
    expect(nodeOf('seed.shop.people')['root_path']).toBe('/shop')
  })

  it('finds the relation of the model that a semantic model is about', () => {
    const model = everything.described.get('semantic_model.shop.sales')
    expect(model && manifestNode(model, everything)).toMatchObject({
      description: null,
      node_relation: {
        alias: 'orders',
        schema_name: 'main',
        database: 'dev',
        relation_name: '"dev"."main"."orders"',
      },
    })
  })
})

describe('a source', () => {
  it('has empty thresholds when nothing is said of freshness', () => {
    const none = { count: null, period: null }
    expect(manifestNode(events, everything)['freshness']).toEqual({
      warn_after: none,
      error_after: none,
      filter: null,
    })
  })

  it('has no freshness when the check is switched off', () => {
    const off = makeSource({ name: 'off', properties: { freshness: null } })
    expect(manifestNode(off, everything)).toMatchObject({
      freshness: null,
      config: { freshness: null },
    })
  })

  it('is named by its place when it is read outside the database', () => {
    const file = makeSource({ name: 'f', properties: { external_name: "'data/f.csv'" } })
    expect(manifestNode(file, everything)['relation_name']).toBe("'data/f.csv'")
  })
})
