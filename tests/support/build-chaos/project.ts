/**
 * A project with a node of every kind that keeps something. Every build has a generation of its own, which stands in
 * what is made anew, so whoever reads can tell whether all of it is of one build.
 */
import type { Files } from '../project.ts'

export const people = 40

const incremental = (strategy: string) =>
  `materialized='incremental', incremental_strategy='${strategy}'`

export const chaosProject: Files = {
  'dbt_project.yml': 'name: shop\nprofile: null\n',
  'models/sources.yml': 'sources: [{name: raw, tables: [{name: events}]}]',
  'models/shown.sql': "select {{ var('generation') }}::bigint as generation",
  'models/copied.sql': `{{ config(${incremental('append')}) }}
select id, key, amount, happened_on, batch from {{ new_rows(source('raw', 'events')) }}`,
  'models/totals.sql': `{{ config(${incremental('delete+insert')}, unique_key='key') }}
with batch as (
    select key, sum(amount)::bigint as amount from {{ new_rows(ref('copied')) }} group by key
)
select key, sum(amount)::bigint as amount from (
    select key, amount from batch
    {% if is_incremental() %}
    union all by name
    select old.key, old.amount from {{ this }} as old semi join batch using (key)
    {% endif %}
) group by key`,
  'models/latest.sql': `{{ config(${incremental('merge')}, unique_key='key') }}
select key, max(id) as id, arg_max(amount, id) as amount from (
    select key, id, amount from {{ new_rows(ref('copied')) }}
    {% if is_incremental() %}
    union all by name
    select key, id, amount from {{ this }}
    {% endif %}
) group by key`,
  // A late row makes its whole day anew.
  'models/days.sql': `{{ config(${incremental('delete+insert')}, unique_key='happened_on') }}
select happened_on, count(*) as events, sum(amount)::bigint as amount from {{ ref('copied') }}
where happened_on in (select happened_on from {{ new_rows(ref('copied')) }})
group by happened_on`,
  'models/people.sql': `{{ config(materialized='table') }}
select range as id, (range + {{ var('generation') }} // 2) % 3 as state, {{ var('generation') }}::bigint as generation
from range(${people}) where (range + {{ var('generation') }}) % 7 <> 0`,
  'snapshots/people_history.sql': `{% snapshot people_history %}
{{ config(unique_key='id', strategy='check', check_cols=['state'], hard_deletes='invalidate') }}
select id, state from {{ ref('people') }}
{% endsnapshot %}`,
  // One row a build, for ever.
  'models/log.sql': `{{ config(${incremental('append')}, full_refresh=false) }}
select generation from {{ ref('shown') }}`,
  'models/summary.sql': `{{ config(
    materialized='table',
    pre_hook='create table if not exists {{ this.database }}.main.hooked (generation bigint)',
    post_hook="insert into {{ this.database }}.main.hooked select generation from {{ this }}"
) }}
select
    (select generation from {{ ref('shown') }}) as generation,
    (select count(*) from {{ ref('copied') }}) as events,
    (select coalesce(sum(amount), 0)::bigint from {{ ref('copied') }}) as amount`,
  'models/schema.yml': `
models:
  - {name: copied, columns: [{name: id, data_tests: [unique, not_null]}]}
  - {name: totals, columns: [{name: key, data_tests: [unique, not_null]}]}
  - {name: latest, columns: [{name: key, data_tests: [unique]}]}
  - {name: days, columns: [{name: happened_on, data_tests: [unique]}]}
`,
  'tests/sums_agree.sql': `
select * from {{ ref('summary') }} as summary
where summary.amount <> (select coalesce(sum(amount), 0) from {{ ref('totals') }})
    or summary.events <> (select coalesce(sum(events), 0) from {{ ref('days') }})
    or {{ var('broken', 0) }} = 1`,
}

/** State of a person at a build; undefined when the person is not there. */
export function stateOf(person: number, generation: number): number | undefined {
  if ((person + generation) % 7 === 0) return undefined
  return (person + Math.floor(generation / 2)) % 3
}

/** The seed of a build, and so a file that changes from build to build. */
export const markerOf = (generation: number): Files => ({
  'seeds/marker.csv': `generation\n${generation}\n`,
})
