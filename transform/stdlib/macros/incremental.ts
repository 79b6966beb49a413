/** What incremental models call: whether they are incremental, strategies, changes of schema. */
import { dispatching, macrosOf } from './standard-macro.ts'

const strategies = {
  append:
    'get_insert_into_sql(arg_dict["target_relation"], arg_dict["temp_relation"], arg_dict["dest_columns"])',
  delete_insert:
    'get_delete_insert_merge_sql(arg_dict["target_relation"], arg_dict["temp_relation"], arg_dict["unique_key"], arg_dict["dest_columns"], arg_dict["incremental_predicates"])',
  merge:
    'get_merge_sql(arg_dict["target_relation"], arg_dict["temp_relation"], arg_dict["unique_key"], arg_dict["dest_columns"], arg_dict["incremental_predicates"])',
  insert_overwrite:
    'get_insert_overwrite_merge_sql(arg_dict["target_relation"], arg_dict["temp_relation"], arg_dict["dest_columns"], arg_dict["incremental_predicates"])',
  default: 'get_incremental_append_sql(arg_dict)',
}

const strategyMacros = Object.entries(strategies).map(
  ([name, call]) =>
    `${dispatching(`get_incremental_${name}_sql(arg_dict)`)}
{% macro default__get_incremental_${name}_sql(arg_dict) %}{% do return(${call}) %}{% endmacro %}`,
)

export const incrementalMacros = [
  ...macrosOf(
    'dbt',
    `${strategyMacros.join('\n')}
${dispatching(
  'get_incremental_microbatch_sql(arg_dict)',
  'check_for_schema_changes(source_relation, target_relation)',
  'sync_column_schemas(on_schema_change, target_relation, schema_changes_dict)',
  'process_schema_changes(on_schema_change, source_relation, target_relation)',
)}
{% macro is_incremental() %}{{ return(builtins.is_incremental()) }}{% endmacro %}
{% macro default__get_incremental_microbatch_sql(arg_dict) %}
  {{ exceptions.raise_not_implemented('microbatch materialization strategy not implemented for adapter ' + adapter.type()) }}
{% endmacro %}
{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) %}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  insert into {{ target_relation }} ({{ columns }})
  (
    select {{ columns }}
    from {{ temp_relation }}
  )
{% endmacro %}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {% if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] %}{{ return(on_schema_change) }}{% endif %}
  {% do log('Invalid value for on_schema_change (%s) specified. Setting default value of %s.' % (on_schema_change, default)) %}
  {{ return(default) }}
{% endmacro %}
{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {% set source = adapter.get_columns_in_relation(source_relation) %}
  {% set target = adapter.get_columns_in_relation(target_relation) %}
  {% set added, removed = diff_columns(source, target), diff_columns(target, source) %}
  {% set retyped = diff_column_data_types(source, target) %}
  {% set changes = {
    'schema_changed': added != [] or removed != [] or retyped != [],
    'source_not_in_target': added,
    'target_not_in_source': removed,
    'source_columns': source,
    'target_columns': target,
    'new_target_types': retyped,
  } %}
  {% do log(target_relation ~ ': columns added ' ~ added ~ ', removed ' ~ removed ~ ', of another type ' ~ retyped) %}
  {{ return(changes) }}
{% endmacro %}
{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {%- set added = schema_changes_dict['source_not_in_target'] -%}
  {%- set removed = schema_changes_dict['target_not_in_source'] if on_schema_change == 'sync_all_columns' else [] -%}
  {%- if on_schema_change in ['append_new_columns', 'sync_all_columns'] and (added or removed) -%}
    {%- do alter_relation_add_remove_columns(target_relation, added, removed or none) -%}
  {%- endif -%}
  {%- if on_schema_change == 'sync_all_columns' -%}
    {%- for change in schema_changes_dict['new_target_types'] -%}
      {%- do alter_column_type(target_relation, change['column_name'], change['new_type']) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {% if on_schema_change == 'ignore' %}{{ return({}) }}{% endif %}
  {% set changes = check_for_schema_changes(source_relation, target_relation) %}
  {% if changes['schema_changed'] and on_schema_change == 'fail' %}
    {% set message %}
The columns of this incremental model are not those of its table, and on_schema_change is fail.
Set on_schema_change to append_new_columns or sync_all_columns, rebuild with --full-refresh, or alter the table by hand.
  Source columns not in target: {{ changes['source_not_in_target'] }}
  Target columns not in source: {{ changes['target_not_in_source'] }}
  New column types: {{ changes['new_target_types'] }}
    {% endset %}
    {% do exceptions.raise_compiler_error(message | trim) %}
  {% elif changes['schema_changed'] %}
    {% do sync_column_schemas(on_schema_change, target_relation, changes) %}
  {% endif %}
  {{ return(changes['source_columns']) }}
{% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro duckdb__get_incremental_default_sql(arg_dict) %}{% do return(get_incremental_delete_insert_sql(arg_dict)) %}{% endmacro %}
{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {%- set predicates = normalize_incremental_predicates(args_dict.get('incremental_predicates')) -%}
  {{ return(duckdb__get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'], args_dict['dest_columns'], predicates)) }}
{% endmacro %}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) -%}
  {%- set event_time = config.get('event_time') -%}
  {%- if not event_time -%}
    {{ exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") }}
  {%- endif -%}
  {%- if config.get('unique_key') -%}
    {{ exceptions.raise_compiler_error("microbatch incremental strategy does not support 'unique_key': a batch is replaced by its 'event_time'. Remove 'unique_key' from the model config.") }}
  {%- endif -%}
  {%- set batch = model.get('batch') or {} -%}
  {%- if not (batch.get('event_time_start') and batch.get('event_time_end')) -%}
    {{ exceptions.raise_compiler_error("microbatch incremental strategy requires 'batch.event_time_start' and 'batch.event_time_end' to be set in the context") }}
  {%- endif -%}
  {%- set target, source = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set within -%}
    {{ event_time }} >= '{{ batch.get('event_time_start') }}' and {{ event_time }} < '{{ batch.get('event_time_end') }}'
  {%- endset -%}
  {%- set replaced -%}
    delete from {{ target }} where {{ within }}
    {%- for predicate in normalize_incremental_predicates(arg_dict.get('incremental_predicates')) %} and ({{ predicate }}) {%- endfor -%};
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ source }} where {{ within }};
  {%- endset -%}
  {{ return(replaced) }}
{%- endmacro %}
`,
  ),
]
