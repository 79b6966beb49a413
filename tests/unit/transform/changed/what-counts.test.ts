import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { logicReader } from '../../../../transform/changed/logic.ts'
import { compileFiles, type Files } from '../../../support/project.ts'

async function logicOf(name: string, files: Files, vars: Record<string, unknown> = {}) {
  const { graph } = await compileFiles(
    { 'seeds/s.csv': 'x\n1\n', 'seeds/t.csv': 'x\n1\n', ...files },
    { vars },
  )
  const read = logicReader({
    graph,
    sha256: (text) => hash('sha256', text),
    vars,
    environment: {},
    target: { name: 'test' },
    release: '1',
  })
  const node = [...graph.nodes.values()].find((one) => one.name === name)
  if (node === undefined) throw new Error(`no node ${name}: ${[...graph.nodes.keys()]}`)
  return read(node)
}

describe('what may read more than the graph knows', () => {
  it.each([
    ['from raw.events'],
    ['select * from (from raw.events)'],
    ["select * from {{ ref('s') }} s, raw.events e"],
    ['select id, year from raw.events'],
    ['with events as (select * from events) select * from events'],
    ['select * from {{ target.schema }}.events'],
    ["select * from {{ var('table', 'raw.events') }}"],
    [
      "{% set r = adapter.get_relation(database, 'raw', 'events') %}{% if r %}select * from {{ r }}{% else %}select 1{% endif %}",
    ],
    ["{% set r = api.Relation.create(schema='raw', identifier='events') %}select * from {{ r }}"],
    ['select {{ graph.nodes | length }} as n'],
    ["{% set f = 'orders' %}{{ context[f]() }}"],
    ['select * from ({{ orders() }})'],
    ["select '{{ orders2() }}'"],
    ['select * from {{ raw_name() }}'],
    ['table raw.events'],
    ['summarize raw.events'],
    ['pivot raw.events on x using count(*)'],
    ["select * from{{ ref('s') }} join\nraw.events using (x)"],
    ["select * from {{ ref('s') }}--x\njoin/* */raw.events using (x)"],
    ['select transaction_timestamp()'],
    ['select current_localtimestamp()'],
    ['select uuidv7()'],
    ['select uuidv4()'],
    ["select nextval ('x')"],
    ["select * from {{ ref('s') }} using sample 10"],
    ["select * from {{ ref('s') }} tablesample 10%"],
    ["select getenv('HOME')"],
    ["select getvariable('x')"],
    ["select age(x) from {{ ref('s') }}"],
    ['select txid_current()'],
    ["select count(*) from glob('*.csv')"],
    ["select content from read_text('a')"],
    ['select localtime'],
    ["select '{{ dbt.current_timestamp() }}'"],
    ["select (select max(x) from events) from {{ ref('s') }}"],
    ["select * from query_table('raw.events')"],
    ["select * from query('from raw.x')"],
  ])('is %s', async (sql) => {
    const { volatile } = await logicOf('m', {
      'models/m.sql': sql,
      'macros/o.sql':
        '{% macro orders() %}select * from raw.events{% endmacro %}{% macro orders2() %}{{ adapter.get_columns_in_relation(load_relation(this)) }}{% endmacro %}{% macro raw_name() %}raw.events{% endmacro %}',
    })
    expect(volatile).toBeDefined()
  })
})

describe('what reads only what the graph knows', () => {
  it.each([
    ["select * from {{ dedupe(ref('s'), 'x') }}"],
    ["{% set r = ref('s') %}select * from ({{ dedupe(r) }})"],
    ["with a as (select * from {{ ref('s') }}) select * from ({{ dedupe('a') }})"],
    ["with a(x, y) as not materialized (select * from {{ ref('s') }}) from a, unnest([1]) u"],
    [
      "{% for t in [ref('s'), ref('t')] %}select * from {{ t }}{% if not loop.last %} union all {% endif %}{% endfor %}",
    ],
    [
      "{% set rels = [ref('s'), ref('t')] %}{% for t in rels %}select * from {{ t }}{% if not loop.last %} union all {% endif %}{% endfor %}",
    ],
    ['with recursive r as (select 1 as x union all select x + 1 from r where x < 3) from r'],
    ["select trim(both ' ' from x) from {{ ref('s') }} where x in (select x from {{ ref('t') }})"],
    [
      "select * from {{ ref('s') }} s left join {{ ref('t') }} using (x) where s.x is not distinct from 1 group by 1, 2 order by a, b",
    ],
    ["select substring(x from 1 for 2), {'a': 1, 'b': 2} from {{ ref('s') }}"],
    ["{% set q %}select * from {{ ref('s') }}{% endset %}select * from ({{ q }}) as q"],
    [
      "{{ config(materialized='incremental') }}select * from {{ ref('s') }}{% if is_incremental() %} where x > (select max(x) from {{ this }}){% endif %}",
    ],
    ["select * from {{ ref('s') }} -- from raw.events, or\n"],
    ["pivot {{ ref('s') }} on x"],
    ["select * from {{ ref('s') }} pivot (count(*) for x in (1, 2))"],
    [
      'with a as (select 1), b as (select * from a) select a.x, b.y from a join b on a.x = b.x, (select * from a) c',
    ],
  ])('is not %s', async (sql) => {
    const { volatile } = await logicOf('m', {
      'models/m.sql': sql,
      'macros/o.sql':
        '{% macro dedupe(relation, by) %}with ranked as (select * from {{ relation }}) select * from ranked{% endmacro %}',
    })
    expect(volatile).toBeUndefined()
  })
})

describe('the logic of a node is another', () => {
  const differs = async (name: string, before: Files, after: Files, v1 = {}, v2 = {}) => {
    const one = (await logicOf(name, before, v1)).logic
    const two = (await logicOf(name, after, v2)).logic
    expect(one).not.toEqual(two)
  }
  it('when a macro of a hook in a schema file is', () =>
    differs(
      'm',
      {
        'models/m.sql': 'select 1',
        'models/p.yml': "models: [{name: m, config: {post_hook: '{{ hook() }}'}}]",
        'macros/h.sql': '{% macro hook() %}select 1{% endmacro %}',
      },
      {
        'models/m.sql': 'select 1',
        'models/p.yml': "models: [{name: m, config: {post_hook: '{{ hook() }}'}}]",
        'macros/h.sql': '{% macro hook() %}select 2{% endmacro %}',
      },
    ))
  it('when a variable of a hook in a schema file is', () => {
    const files = {
      'models/m.sql': 'select 1',
      'models/p.yml': 'models: [{name: m, config: {post_hook: "select {{ var(\'n\', 1) }}"}}]',
    }
    return differs('m', files, files, { n: 1 }, { n: 2 })
  })
  it('when a macro is that an override of dbt calls', () =>
    differs(
      'm',
      {
        'models/m.sql': 'select 1',
        'macros/h.sql':
          '{% macro duckdb__create_table_as(t, r, s) %}{{ helper() }}{% endmacro %}{% macro helper() %}select 1{% endmacro %}',
      },
      {
        'models/m.sql': 'select 1',
        'macros/h.sql':
          '{% macro duckdb__create_table_as(t, r, s) %}{{ helper() }}{% endmacro %}{% macro helper() %}select 2{% endmacro %}',
      },
    ))
  it('when a variable is that an override of dbt reads', () => {
    const files = {
      'models/m.sql': 'select 1',
      'macros/h.sql': "{% macro duckdb__create_table_as(t, r, s) %}{{ var('n') }}{% endmacro %}",
    }
    return differs('m', files, files, { n: 1 }, { n: 2 })
  })
  it('when a variable in the condition of a test is', () => {
    const files = {
      'models/m.sql': 'select 1 as x',
      'models/p.yml':
        'models: [{name: m, columns: [{name: x, data_tests: [{not_null: {config: {where: "x > {{ var(\'n\', 1) }}"}}}]}]}]',
    }
    return differs('not_null_m_x', files, files, { n: 1 }, { n: 2 })
  })
  it('when a variable is that is read through another name', () => {
    const files = { 'models/m.sql': "{% set v = var %}select {{ v('n') }} as x" }
    return differs('m', files, files, { n: 1 }, { n: 2 })
  })
  it('when a variable is there that is asked for', () => {
    const files = { 'models/m.sql': "select {{ var.has_var('n') }} as x" }
    return differs('m', files, files, {}, { n: 2 })
  })
  it('when blanks differ in a block that becomes a value', () =>
    differs(
      'm',
      { 'models/m.sql': "{% set t %}New York{% endset %}select '{{ t }}'" },
      { 'models/m.sql': "{% set t %}New  York{% endset %}select '{{ t }}'" },
    ))
  it('when a comment takes away the blanks around it', () =>
    differs('m', { 'models/m.sql': 'select a {# #} b' }, { 'models/m.sql': 'select a {#- -#} b' }))
  it('when blanks differ in a dollar-quoted text', () =>
    differs('m', { 'models/m.sql': 'select $$a b$$' }, { 'models/m.sql': 'select $$a  b$$' }))
  it('as far as anyone knows, when a seed is too large to be compared', async () => {
    const big = `x\n${'1\n'.repeat(600_000)}`
    const { volatile } = await logicOf('s', { 'seeds/s.csv': big })
    expect(volatile).toBeDefined()
  })
  it('when a constraint of a column is', () =>
    differs(
      'm',
      {
        'models/m.sql': 'select 1 as x',
        'models/p.yml':
          'models: [{name: m, columns: [{name: x, constraints: [{type: not_null}]}]}]',
      },
      {
        'models/m.sql': 'select 1 as x',
        'models/p.yml': 'models: [{name: m, columns: [{name: x}]}]',
      },
    ))
  it('when its meta is, which its template may read', () =>
    differs(
      'm',
      { 'models/m.sql': 'select 1 as x', 'models/p.yml': 'models: [{name: m, meta: {a: 1}}]' },
      { 'models/m.sql': 'select 1 as x', 'models/p.yml': 'models: [{name: m, meta: {a: 2}}]' },
    ))
})
