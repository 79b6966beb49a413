import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../../transform/index.ts'
import { makeFolder, writeProject } from '../../../support/project.ts'

async function load(text: string) {
  await using folder = await makeFolder()
  return await loadProject(await writeProject(folder.path, { 'models/s.yml': text }))
}

const input = { filter: null, alias: null, offset_window: null, offset_to_grain: null }
const measure = { filter: null, alias: null, join_to_timespine: false, fill_nulls_with: null }

/** Recorded from dbt 1.12.6: every key of the manifest's type_params. */
const params = {
  measure: null,
  input_measures: [],
  numerator: null,
  denominator: null,
  expr: null,
  window: null,
  grain_to_date: null,
  metrics: [],
  conversion_type_params: null,
  cumulative_type_params: null,
  metric_aggregation_params: null,
  fill_nulls_with: null,
  join_to_timespine: false,
  is_private: null,
}

describe('metrics with type_params', () => {
  it('have the shape of the manifest, whatever their type', async () => {
    const { metrics, problems } = await load(`
metrics:
  - name: revenue
    label: Revenue
    type: simple
    type_params: {measure: {name: total, filter: "{{ x }}", fill_nulls_with: 0}}
    filter: [a, b]
    meta: {m: 1}
    tags: [q]
  - {name: r, label: R, type: ratio, type_params: {numerator: revenue, denominator: {name: revenue, offset_window: 2 Weeks}}}
  - {name: d, label: D, type: derived, type_params: {expr: a - b, metrics: [revenue, {name: r, alias: b}]}}
  - {name: c, label: C, type: cumulative, type_params: {measure: total, window: 1 month}}
  - name: v
    label: V
    type: conversion
    type_params:
      conversion_type_params: {base_measure: n, conversion_measure: n, entity: e, window: 7 days}
`)
    expect(problems).toEqual([])
    const total = {
      ...measure,
      name: 'total',
      filter: { where_filters: [{ where_sql_template: '{{ x }}' }] },
      fill_nulls_with: 0,
    }
    expect(metrics.map(({ name, typeParams }) => [name, typeParams])).toEqual([
      ['revenue', { ...params, measure: total, input_measures: [total] }],
      [
        'r',
        {
          ...params,
          numerator: { ...input, name: 'revenue' },
          denominator: {
            ...input,
            name: 'revenue',
            offset_window: { count: 2, granularity: 'week' },
          },
          input_measures: [total],
        },
      ],
      [
        'd',
        {
          ...params,
          expr: 'a - b',
          metrics: [
            { ...input, name: 'revenue' },
            { ...input, name: 'r', alias: 'b' },
          ],
          input_measures: [total],
        },
      ],
      [
        'c',
        {
          ...params,
          measure: { ...measure, name: 'total' },
          input_measures: [{ ...measure, name: 'total' }],
          window: { count: 1, granularity: 'month' },
          cumulative_type_params: {
            window: { count: 1, granularity: 'month' },
            grain_to_date: null,
            period_agg: 'first',
            metric: null,
          },
        },
      ],
      [
        'v',
        {
          ...params,
          input_measures: [{ ...measure, name: 'n' }],
          conversion_type_params: {
            entity: 'e',
            calculation: 'conversion_rate',
            window: { count: 7, granularity: 'day' },
            constant_properties: null,
            base_measure: { ...measure, name: 'n' },
            conversion_measure: { ...measure, name: 'n' },
            base_metric: null,
            conversion_metric: null,
          },
        },
      ],
    ])
    expect(metrics[0]).toMatchObject({
      label: 'Revenue',
      filter: { where_filters: [{ where_sql_template: 'a' }, { where_sql_template: 'b' }] },
      meta: { m: 1 },
      tags: ['q'],
    })
  })

  it('report windows, names and types that cannot be meant', async () => {
    const { problems, warnings } = await load(`
metrics:
  - {name: 1st, label: x, type: sum, type_params: {}}
  - {name: c, label: x, type: cumulative, type_params: {measure: m, window: month}}
`)
    expect(problems.map(({ message }) => message)).toEqual([
      'metrics[0].name: must be letters, digits and _, at most 250, and begin with a letter.',
      'metrics[0].type: must be one of simple, ratio, cumulative, derived, conversion.',
      'metrics[1].type_params.window: is month: write a number and a unit, such as 28 days.',
      'metrics[1].type_params.window: is month: write a number and a unit, such as 28 days.',
    ])
    expect(warnings[0]?.message).toContain('MFCumulativeTypeParamsDeprecation')
  })
})

describe('a semantic model', () => {
  it('has entities, measures and dimensions with the defaults of dbt, and makes metrics', async () => {
    const { semanticModels, metrics, problems } = await load(`
semantic_models:
  - name: orders
    model: ref('orders')
    defaults: {agg_time_dimension: at}
    config: {meta: {a: 1}}
    entities: [{name: id, type: primary, expr: order_id, config: {meta: {b: 2}}}]
    dimensions:
      - {name: at, type: time, type_params: {time_granularity: day, validity_params: {is_start: true}}}
    measures: [{name: total, agg: sum, expr: amount, create_metric: true}]
`)
    expect(problems).toEqual([])
    const meta = { meta: { a: 1 } }
    expect(semanticModels).toMatchObject([
      {
        name: 'orders',
        model: "ref('orders')",
        defaults: { agg_time_dimension: 'at' },
        entities: [
          {
            name: 'id',
            type: 'primary',
            description: null,
            label: null,
            role: null,
            expr: 'order_id',
            config: { meta: { a: 1, b: 2 } },
          },
        ],
        dimensions: [
          {
            name: 'at',
            type: 'time',
            description: null,
            label: null,
            is_partition: false,
            type_params: {
              time_granularity: 'day',
              validity_params: { is_start: true, is_end: false },
            },
            expr: null,
            metadata: null,
            config: meta,
            datatype: null,
          },
        ],
        measures: [
          {
            name: 'total',
            agg: 'sum',
            description: null,
            label: null,
            create_metric: false,
            expr: 'amount',
            agg_params: null,
            non_additive_dimension: null,
            agg_time_dimension: null,
            config: meta,
          },
        ],
      },
    ])
    expect(metrics).toMatchObject([
      {
        name: 'total',
        description: 'Metric created from measure total',
        type: 'simple',
        semanticModel: 'orders',
        typeParams: { expr: 'amount', measure: { name: 'total' } },
        config: { enabled: true, meta: { a: 1 } },
      },
    ])
  })

  it('may stand in a model, its columns and its metrics', async () => {
    const { semanticModels, metrics, problems } = await load(`
models:
  - name: customers
    description: people
    semantic_model: {name: people, config: {meta: {o: 1}}}
    agg_time_dimension: signup
    columns:
      - {name: id, description: key, entity: {type: primary, name: customer}}
      - {name: at, granularity: day, dimension: {type: time, name: signup}}
      - {name: plan, dimension: categorical}
    derived_semantics:
      dimensions: [{name: month, type: time, granularity: month, expr: date_trunc('month', at)}]
    metrics:
      - {name: people_count, agg: count, expr: id, hidden: true}
      - {name: growth, type: cumulative, input_metric: people_count, window: 7 days}
  - {name: off, semantic_model: {enabled: false}}
`)
    expect(problems).toEqual([])
    expect(semanticModels).toMatchObject([
      {
        name: 'people',
        description: 'people',
        model: "ref('customers')",
        config: { enabled: true, meta: { o: 1 } },
        defaults: { agg_time_dimension: 'signup' },
        entities: [{ name: 'customer', type: 'primary', description: 'key', expr: 'id' }],
        dimensions: [
          { name: 'signup', expr: 'at', type_params: { time_granularity: 'day' } },
          { name: 'plan', type: 'categorical', expr: null, config: { meta: { o: 1 } } },
          { name: 'month', type_params: { time_granularity: 'month', validity_params: null } },
        ],
      },
    ])
    expect(metrics).toMatchObject([
      {
        name: 'people_count',
        label: 'people_count',
        semanticModel: 'people',
        typeParams: {
          is_private: true,
          metric_aggregation_params: {
            semantic_model: 'people',
            agg: 'count',
            agg_time_dimension: 'signup',
          },
        },
      },
      {
        name: 'growth',
        semanticModel: undefined,
        typeParams: { cumulative_type_params: { metric: { name: 'people_count' } } },
      },
    ])
  })
})

describe('a saved query', () => {
  it('has its parameters and exports', async () => {
    const { savedQueries, problems } = await load(`
saved_queries:
  - name: q
    label: Q
    tags: t
    config: {schema: shared}
    query_params: {metrics: [revenue], group_by: ["Dimension('a')"], where: x = 1, limit: 10}
    exports:
      - {name: e, config: {export_as: table, alias: al}}
      - {name: f, config: {schema: own}}
`)
    expect(savedQueries).toMatchObject([
      {
        name: 'q',
        label: 'Q',
        tags: ['t'],
        queryParams: {
          metrics: ['revenue'],
          group_by: ["Dimension('a')"],
          where: { where_filters: [{ where_sql_template: 'x = 1' }] },
          order_by: [],
          limit: 10,
        },
        exports: [
          {
            name: 'e',
            config: { export_as: 'table', schema_name: 'shared', alias: 'al', database: null },
            unrendered_config: { export_as: 'table', alias: 'al' },
          },
          { name: 'f', config: { export_as: null, schema_name: 'own' } },
        ],
      },
    ])
    expect(problems.map(({ message }) => message)).toEqual([
      'saved_queries[0].exports[1].config: needs export_as: table or view.',
    ])
  })
})
