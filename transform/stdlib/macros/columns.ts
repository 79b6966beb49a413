/** Columns: asked of the engine, compared, changed, and held to a contract. */
import { dispatching, macrosOf } from './standard-macro.ts'

const questions = `
${dispatching(
  'get_columns_in_relation(relation)',
  'get_empty_subquery_sql(select_sql, select_sql_header=none)',
  'get_empty_schema_sql(columns)',
  'get_columns_in_query(select_sql)',
  'alter_column_type(relation, column_name, new_column_type)',
  'alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none)',
  'get_table_columns_and_constraints()',
  'get_assert_columns_equivalent(sql)',
  'create_columns(relation, columns)',
)}
{% macro default__get_columns_in_relation(relation) -%}
  {{ exceptions.raise_not_implemented('get_columns_in_relation macro not implemented for adapter ' + adapter.type()) }}
{% endmacro %}
{% macro sql_convert_columns_in_relation(table) -%}
  {% set columns = [] %}
  {% for row in table %}{% do columns.append(api.Column(*row)) %}{% endfor %}
  {{ return(columns) }}
{% endmacro %}
{% macro get_list_of_column_names(columns) -%} {{ return(columns | map(attribute='name') | list) }} {% endmacro %}
{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {{ select_sql_header if select_sql_header is not none }}
  select * from ( {{ select_sql }} ) as __dbt_sbq where false limit 0
{% endmacro %}
{% macro default__get_empty_schema_sql(columns) %}
  {%- set untyped, unsized = [], [] -%}
  {%- set ns = namespace(list='') -%}
  {%- for key, column in columns.items() -%}
    {%- if column['data_type'] is not defined -%}{%- do untyped.append(column['name']) -%}
    {%- elif column['data_type'].strip().lower() in ('numeric', 'decimal', 'number') -%}{%- do unsized.append(column['name']) -%}
    {%- endif -%}
    {%- set name = adapter.quote(column['name']) if column.get('quote') else column['name'] -%}
    {%- set ns.list = ns.list ~ cast('null', column['data_type']) ~ ' as ' ~ name ~ (', ' if not loop.last else '') -%}
  {%- endfor -%}
  {%- if untyped -%} {{ exceptions.column_type_missing(column_names=untyped) }}
  {%- elif unsized -%}
    {{ exceptions.warn('Detected columns with numeric type and unspecified precision/scale, this can lead to unintended rounding: ' ~ unsized ~ '\`') }}
  {%- endif -%}
  select {{ ns.list }}
{%- endmacro %}
{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
  {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) }}
{% endmacro %}
{% macro default__get_columns_in_query(select_sql) %}
  {% call statement('get_columns_in_query', fetch_result=True, auto_begin=False) -%} {{ get_empty_subquery_sql(select_sql) }} {% endcall %}
  {{ return(load_result('get_columns_in_query').table.columns | map(attribute='name') | list) }}
{% endmacro %}
`

const changes = `
{% macro default__alter_column_type(relation, column_name, new_column_type) -%}
  {%- set old, new = adapter.quote(column_name), adapter.quote(column_name + '__dbt_alter') -%}
  {% call statement('alter_column_type') %}
    alter table {{ relation.render() }} add column {{ new }} {{ new_column_type }};
    update {{ relation.render() }} set {{ new }} = {{ old }};
    alter table {{ relation.render() }} drop column {{ old }} cascade;
    alter table {{ relation.render() }} rename column {{ new }} to {{ old }}
  {% endcall %}
{% endmacro %}
{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {% set parts = [] %}
  {% for column in add_columns or [] %}{% do parts.append('add column ' ~ column.quoted ~ ' ' ~ column.expanded_data_type) %}{% endfor %}
  {% for column in remove_columns or [] %}{% do parts.append('drop column ' ~ column.quoted) %}{% endfor %}
  {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ (parts | join(', '))) %}
{% endmacro %}
{% macro default__create_columns(relation, columns) %}
  {% for column in columns %}
    {% call statement() %}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }};
    {% endcall %}
  {% endfor %}
{% endmacro %}
{% macro get_quoted_csv(column_names) %}
  {% set quoted = [] %}
  {% for name in column_names %}{% do quoted.append(adapter.quote(name)) %}{% endfor %}
  {{ return(quoted | join(', ')) }}
{% endmacro %}
{% macro diff_columns(source_columns, target_columns) %}
  {% set known = target_columns | map(attribute='column') | list %}
  {{ return(source_columns | rejectattr('name', 'in', known) | list) }}
{% endmacro %}
${dispatching(
  'diff_column_data_types(source_columns, target_columns)',
  'get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns)',
)}
{% macro default__diff_column_data_types(source_columns, target_columns) %}
  {% set changed = [] %}
  {% for column in source_columns %}
    {% set other = target_columns | selectattr('name', 'equalto', column.name) | list | first %}
    {% if other and column.expanded_data_type != other.expanded_data_type and not column.can_expand_to(other_column=other) %}
      {% do changed.append({'column_name': other.name, 'new_type': column.expanded_data_type}) %}
    {% endif %}
  {% endfor %}
  {{ return(changed) }}
{% endmacro %}
{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {%- if merge_update_columns and merge_exclude_columns -%}
    {{ exceptions.raise_compiler_error('Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config') }}
  {%- endif -%}
  {%- if merge_update_columns -%}{{ return(merge_update_columns) }}{%- endif -%}
  {%- set excluded = (merge_exclude_columns or []) | map('lower') | list -%}
  {%- set kept = [] -%}
  {%- for column in dest_columns if column.column | lower not in excluded -%}{%- do kept.append(column.quoted) -%}{%- endfor -%}
  {{ return(kept) }}
{% endmacro %}
`

const contracts = `
{% macro default__get_table_columns_and_constraints() -%} {{ return(table_columns_and_constraints()) }} {%- endmacro %}
{% macro table_columns_and_constraints() %}
  {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
  {%- set constraints = adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
  (
  {% for line in columns -%} {{ line }}{{ ',' if not loop.last or constraints }}
  {% endfor %}
  {% for line in constraints -%} {{ line }}{{ ',' if not loop.last }}
  {% endfor -%}
  )
{% endmacro %}
{% macro default__get_assert_columns_equivalent(sql) -%} {{ return(assert_columns_equivalent(sql)) }} {%- endmacro %}
{% macro assert_columns_equivalent(sql) %}
  {%- if not model['columns'] -%}{{ exceptions.raise_contract_error([], []) }}{%- endif -%}
  {%- set made = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) -%}
  {%- set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(model['columns']))) -%}
  {%- set ns = namespace(agree=(made | length) == (promised | length)) -%}
  {%- for column in made -%}
    {%- set same = promised | selectattr('name', 'equalto', column['name']) | list | first -%}
    {%- if not same or same['formatted'] != column['formatted'] -%}{%- set ns.agree = false -%}{%- endif -%}
  {%- endfor -%}
  {%- if not ns.agree -%}{%- do exceptions.raise_contract_error(promised, made) -%}{%- endif -%}
{% endmacro %}
{% macro format_columns(columns) %}
  {% set formatted = [] %}
  {% for column in columns %}{% do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) %}{% endfor %}
  {{ return(formatted) }}
{% endmacro %}
{% macro default__format_column(column) -%}
  {{ return({'name': column.name, 'data_type': column.dtype, 'formatted': column.column.lower() ~ ' ' ~ column.dtype}) }}
{%- endmacro %}
{% macro default__get_column_names() %}
  {%- for column in model['columns'].values() %} {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ', ' if not loop.last }}
  {%- endfor -%}
{% endmacro %}
`

const duckdb = `
{% macro duckdb__get_columns_in_relation(relation) -%}
  {% call statement('get_columns_in_relation', fetch_result=True) %}
    select column_name, column_type as data_type,
      cast(null as bigint) as character_maximum_length,
      cast(null as bigint) as numeric_precision,
      cast(null as bigint) as numeric_scale
    from (describe {{ relation.render() }})
  {% endcall %}
  {{ return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) }}
{% endmacro %}
{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {%- if select_sql_header is not none -%}{%- do run_query(select_sql_header) -%}{%- endif -%}
  select * from ( {{ select_sql }} ) as __dbt_sbq where false limit 0
{% endmacro %}
{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {% for column in add_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' add column ' ~ api.Relation.create(identifier=column.name) ~ ' ' ~ column.data_type) %}
  {% endfor %}
  {% for column in remove_columns or [] %}
    {% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' drop column ' ~ api.Relation.create(identifier=column.name)) %}
  {% endfor %}
{% endmacro %}
{% macro get_column_names() %}
  (
  {% for column in model['columns'].values() %}
    {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }} {{ ',' if not loop.last }}
  {% endfor %}
  )
{% endmacro %}
`

export const columnMacros = [
  ...macrosOf('dbt', questions + changes + contracts),
  ...macrosOf('dbt_duckdb', duckdb),
]
