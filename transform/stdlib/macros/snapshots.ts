/** Snapshots: which rows changed, and the statements that keep their history. */
import { dispatching, macrosOf } from './standard-macro.ts'

const strategies = `
{% macro strategy_dispatch(name) -%}
  {%- set owner = name.split('.')[0] if '.' in name else none -%}
  {%- set plain = name.split('.', 1)[1] if owner else name -%}
  {%- set names = context if owner is none else context.get(owner) -%}
  {%- if names is none -%}
    {{ exceptions.raise_compiler_error("Could not find package '" ~ owner ~ "', called with '" ~ name ~ "'") }}
  {%- endif -%}
  {%- set found = names['snapshot_' ~ plain ~ '_strategy'] -%}
  {%- if found is not defined -%}
    {{ exceptions.raise_compiler_error("The specified strategy macro '" ~ plain ~ "' was not found in package '" ~ owner ~ "'") }}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro %}
${dispatching(
  'snapshot_hash_arguments(args)',
  'snapshot_string_as_time(timestamp)',
  'snapshot_merge_sql(target, source, insert_cols)',
  'build_snapshot_table(strategy, sql)',
  'post_snapshot(staging_relation)',
)}
{% macro get_true_sql() %} {{ adapter.dispatch('get_true_sql', 'dbt')() }} {% endmacro %}
{% macro snapshot_staging_table(strategy, source_sql, target_relation) %} {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }} {% endmacro %}
{% macro default__snapshot_hash_arguments(args) -%}
  md5({%- for arg in args -%} coalesce(cast({{ arg }} as varchar ), '') {% if not loop.last %} || '|' || {% endif %} {%- endfor -%})
{%- endmacro %}
{% macro default__snapshot_string_as_time(timestamp) %}
  {% do exceptions.raise_not_implemented('snapshot_string_as_time macro not implemented for adapter ' + adapter.type()) %}
{% endmacro %}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set unique_key, updated_at = config.get('unique_key'), config.get('updated_at') %}
  {% set hard_deletes = adapter.get_hard_deletes_behavior(config) %}
  {% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
  {% do return({
    'unique_key': unique_key,
    'updated_at': updated_at,
    'row_changed': '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')',
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes,
  }) %}
{% endmacro %}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
  {%- if not target_exists -%}{{ return((false, [])) }}{%- endif -%}
  {%- if check_cols_config == 'all' -%}
    {%- set asked = get_columns_in_query(node['compiled_code']) -%}
  {%- elif check_cols_config is iterable and (check_cols_config | length) > 0 -%}
    {%- set query -%}
      select {{ check_cols_config | join(', ') }} from (
        {{ node['compiled_code'] }}
      ) subq
    {%- endset -%}
    {%- set asked = get_columns_in_query(query) -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) -%}
  {%- endif -%}
  {%- set target_relation = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
  {%- set known = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
  {%- set shared = asked | select('in', known) | map('string') | list -%}
  {%- set quoted = [] -%}
  {%- for name in shared -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
  {{ return(((shared | length) != (asked | length), quoted)) }}
{%- endmacro %}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set unique_key = config.get('unique_key') %}
  {% set hard_deletes = adapter.get_hard_deletes_behavior(config) %}
  {% set updated_at = config.get('updated_at') or snapshot_get_time() %}
  {% set column_added, check_cols = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) %}
  {%- set row_changed -%}
    ({%- if column_added -%} {{ get_true_sql() }} {%- else -%}
    {%- for column in check_cols -%}
      {%- set old, new = snapshotted_rel ~ '.' ~ column, current_rel ~ '.' ~ column -%}
      {{ old }} != {{ new }}
      or
      (
        (({{ old }} is null) and not ({{ new }} is null))
        or
        ((not {{ old }} is null) and ({{ new }} is null))
      )
      {%- if not loop.last %} or {% endif -%}
    {%- endfor -%} {%- endif -%})
  {%- endset %}
  {% do return({
    'unique_key': unique_key,
    'updated_at': updated_at,
    'row_changed': row_changed,
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes,
  }) %}
{% endmacro %}
`

const keys = `
{% macro unique_key_fields(unique_key) %}
  {% for key in unique_key if unique_key is not string %} {{ key }} as dbt_unique_key_{{ loop.index }} {%- if not loop.last %} , {%- endif %} {% endfor %}
  {% if unique_key is string %} {{ unique_key }} as dbt_unique_key {% endif %}
{% endmacro %}
{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
  {% if unique_key is not string %}
    {% for key in unique_key %}
      {{ equals(identifier ~ '.dbt_unique_key_' ~ loop.index, from_identifier ~ '.dbt_unique_key_' ~ loop.index) }} {%- if not loop.last %} and {%- endif %}
    {% endfor %}
  {% else %}
    {{ identifier }}.dbt_unique_key = {{ from_identifier }}.dbt_unique_key
  {% endif %}
{% endmacro %}
{% macro unique_key_is_null(unique_key, identifier) %} {{ identifier }}.dbt_unique_key{{ '_1' if unique_key is not string }} is null {% endmacro %}
{% macro unique_key_is_not_null(unique_key, identifier) %} {{ identifier }}.dbt_unique_key{{ '_1' if unique_key is not string }} is not null {% endmacro %}
`

const helpers = `
{% macro default__post_snapshot(staging_relation) %}{% endmacro %}
{% macro default__get_true_sql() %}{{ return('TRUE') }}{% endmacro %}
{% macro get_snapshot_table_column_names() %}
  {% set names = {} %}
  {% for name in ['dbt_valid_to', 'dbt_valid_from', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'] %}{% do names.update({name: name}) %}{% endfor %}
  {{ return(names) }}
{% endmacro %}
{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {% set found = get_column_schema_from_query(snapshot_sql) | selectattr('column', 'in', ['dbt_updated_at', 'DBT_UPDATED_AT']) | list %}
  {{ return(found[-1].dtype if found else none) }}
{% endmacro %}
{% macro check_time_data_types(sql) %}
  {% set updated, now = get_updated_at_column_data_type(sql), get_snapshot_get_time_data_type() %}
  {% if now is not none and updated is not none and now != updated %}
    {{ exceptions.warn_snapshot_timestamp_data_types(now, updated) }}
  {% endif %}
{% endmacro %}
{% macro get_dbt_valid_to_current(strategy, columns) %}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }})
  as {{ columns.dbt_valid_to }}
{% endmacro %}
{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set names = insert_cols | join(', ') -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set valid_to, current = 'DBT_INTERNAL_DEST.' ~ columns.dbt_valid_to, config.get('dbt_valid_to_current') -%}
  merge into {{ target.render() }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
  when matched
    {% if current %} and ({{ equals(valid_to, current | trim) }} or {{ valid_to }} is null) {% else %} and {{ valid_to }} is null {% endif %}
    and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
    then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
  when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
    then insert ({{ names }}) values ({{ names }})
{% endmacro %}
`

const tables = `
{% macro default__build_snapshot_table(strategy, sql) %}
  {% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
  select *,
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }}
    {%- if strategy.hard_deletes == 'new_record' -%} , 'False' as {{ columns.dbt_is_deleted }} {% endif -%}
  from ( {{ sql }} ) sbq
{% endmacro %}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {%- set with_records = strategy.hard_deletes == 'new_record' -%}
  {%- set with_deletes = strategy.hard_deletes in ['invalidate', 'new_record'] -%}
  {%- set new_scd_id = snapshot_hash_arguments([columns.dbt_scd_id, snapshot_get_time()]) if with_records else none -%}
  {%- set keys = unique_key_fields(strategy.unique_key) -%}
  {%- set same_row = unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') -%}
  {%- set was_deleted = ' or snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True' " if with_records else '' -%}
  {%- set is_current = 'snapshotted_data.' ~ columns.dbt_valid_to ~ (' = ' ~ current if current else ' is null') -%}

  with snapshot_query as (
    {{ source_sql }}
  ),
  snapshotted_data as (
    select *, {{ keys }}
    from {{ target_relation }}
    where
    {% if current %} ( {{ equals(columns.dbt_valid_to | trim, current | trim) }} or {{ columns.dbt_valid_to | trim }} is null )
    {% else %} {{ columns.dbt_valid_to }} is null
    {% endif %}
  ),
  insertions_source_data as (
    select *, {{ keys }},
      {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
      {{ get_dbt_valid_to_current(strategy, columns) }},
      {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
    from snapshot_query
  ),
  updates_source_data as (
    select *, {{ keys }},
      {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
      {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
    from snapshot_query
  ),
  {%- if with_deletes %}
  deletes_source_data as (
    select *, {{ keys }}
    from snapshot_query
  ),
  {% endif %}
  insertions as (
    select
      'insert' as dbt_change_type,
      source_data.*
      {%- if with_records -%} ,'False' as {{ columns.dbt_is_deleted }} {%- endif %}
    from insertions_source_data as source_data
    left outer join snapshotted_data
      on {{ same_row }}
    where {{ unique_key_is_null(strategy.unique_key, 'snapshotted_data') }}
      or ({{ unique_key_is_not_null(strategy.unique_key, 'snapshotted_data') }} and (
        {{ strategy.row_changed }}{{ was_deleted }}
      )
    )
  ),
  updates as (
    select
      'update' as dbt_change_type,
      source_data.*,
      snapshotted_data.{{ columns.dbt_scd_id }}
      {%- if with_records -%} , snapshotted_data.{{ columns.dbt_is_deleted }} {%- endif %}
    from updates_source_data as source_data
    join snapshotted_data
      on {{ same_row }}
    where (
      {{ strategy.row_changed }}{{ was_deleted }}
    )
  )
  {%- if with_deletes %}
  ,
  deletes as (
    select
      'delete' as dbt_change_type,
      source_data.*,
      {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
      {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
      {{ snapshot_get_time() }} as {{ columns.dbt_valid_to }},
      snapshotted_data.{{ columns.dbt_scd_id }}
      {%- if with_records -%} , snapshotted_data.{{ columns.dbt_is_deleted }} {%- endif %}
    from snapshotted_data
    left join deletes_source_data as source_data
      on {{ same_row }}
    where {{ unique_key_is_null(strategy.unique_key, 'source_data') }}
    {%- if with_records %}
      and not (
        snapshotted_data.{{ columns.dbt_is_deleted }} = 'True' and {{ is_current }}
      )
    {%- endif %}
  )
  {%- endif %}
  {%- if with_records %}
    {%- set known = get_list_of_column_names(get_columns_in_relation(target_relation)) %}
  ,
  deletion_records as (
    select
      'insert' as dbt_change_type,
      {%- for name in get_columns_in_query(source_sql) %}
      {{ 'snapshotted_data' if name in known else 'source_data' }}.{{ adapter.quote(name) }},
      {%- endfor %}
      {%- if strategy.unique_key is not string %}
        {%- for key in strategy.unique_key %}
      snapshotted_data.{{ key }} as dbt_unique_key_{{ loop.index }},
        {%- endfor %}
      {%- else %}
      snapshotted_data.dbt_unique_key as dbt_unique_key,
      {%- endif %}
      {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
      {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
      snapshotted_data.{{ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
      {{ new_scd_id }} as {{ columns.dbt_scd_id }},
      'True' as {{ columns.dbt_is_deleted }}
    from snapshotted_data
    left join deletes_source_data as source_data
      on {{ same_row }}
    where {{ unique_key_is_null(strategy.unique_key, 'source_data') }}
    and not (
      snapshotted_data.{{ columns.dbt_is_deleted }} = 'True' and {{ is_current }}
    )
  )
  {%- endif %}
  select * from insertions
  union all
  select * from updates
  {%- if with_deletes %}
  union all
  select * from deletes
  {%- endif %}
  {%- if with_records %}
  union all
  select * from deletion_records
  {%- endif %}
{%- endmacro %}
`

const duckdb = `
{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set valid_to, current = 'DBT_INTERNAL_TARGET.' ~ columns.dbt_valid_to, config.get('dbt_valid_to_current') -%}
  update {{ target }} as DBT_INTERNAL_TARGET
  set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
    and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
    {% if current %} and ({{ valid_to }} = {{ current }} or {{ valid_to }} is null); {% else %} and {{ valid_to }} is null; {% endif %}
  insert into {{ target }} ({{ insert_cols | join(', ') }})
  select {% for column in insert_cols -%} DBT_INTERNAL_SOURCE.{{ column }} {%- if not loop.last %}, {%- endif %} {%- endfor %}
  from {{ source }} as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{% endmacro %}
{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {% set staging = duckdb__dispatch_temporary_relation(target_relation) %}
  {% set select = snapshot_staging_table(strategy, sql, target_relation) %}
  {% call statement('build_snapshot_staging_relation') %} {{ create_table_as(staging.temporary, staging.relation, select) }} {% endcall %}
  {% do return(staging.relation) %}
{% endmacro %}
{% macro duckdb__post_snapshot(temporary_relation) %}{% do return(drop_relation(temporary_relation)) %}{% endmacro %}
`

export const snapshotMacros = [
  ...macrosOf('dbt', strategies + keys + helpers + tables),
  ...macrosOf('dbt_duckdb', duckdb),
]
