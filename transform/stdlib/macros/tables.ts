/** The statements that make tables and views. */
import { dispatching, macrosOf } from './standard-macro.ts'

/** A layout of a DuckLake table, read from the config and ignored elsewhere. */
const layout = (name: string, configs: readonly [string, string], quoted: boolean) =>
  `{% macro duckdb__get_${name}(relation, temporary) -%}
  {%- if temporary -%}{{ return(none) }}{%- endif -%}
  {%- set raw = config.get('${configs[0]}') or config.get('${configs[1]}') -%}
  {%- if not raw -%}{{ return(none) }}{%- endif -%}
  {%- set parts = normalize_string_or_list(raw, '${configs[0]}/${configs[1]}') -%}
  {%- if this is defined and config.get('materialized') in ['table', 'incremental']
      and relation.identifier and this.identifier and relation.identifier != this.identifier -%}
    {{ return(none) }}
  {%- endif -%}
  {%- if not adapter.is_ducklake(relation) -%}
    {% do adapter.warn_once('${configs[0]}/${configs[1]} is only supported for DuckLake relations; ignoring for ' ~ relation) %}
    {{ return(none) }}
  {%- endif -%}
  {%- set columns = [] -%}
  {%- for part in parts -%}{%- do columns.append(${quoted ? `adapter.quote(part | replace('"', '""'))` : 'part'}) -%}{%- endfor -%}
  {{ return(columns | join(', ')) }}
{%- endmacro %}
{% macro duckdb__alter_table_set_${name}(relation, ${name}) -%}
  alter table {{ relation }} set ${name.replace('_', ' ')} ({{ ${name} }});
{%- endmacro %}`

const common = `
${dispatching(
  'get_create_table_as_sql(temporary, relation, sql)',
  'get_create_view_as_sql(relation, sql)',
  'create_view_as(relation, sql)',
  'get_select_subquery(sql)',
)}
{% macro default__get_create_table_as_sql(temporary, relation, sql) -%} {{ return(create_table_as(temporary, relation, sql)) }} {% endmacro %}
{% macro default__get_create_view_as_sql(relation, sql) -%} {{ return(create_view_as(relation, sql)) }} {% endmacro %}
{% macro default__create_table_as(temporary, relation, sql) -%}
  {%- set sql_header = config.get('sql_header', none) -%}
  {{ sql_header if sql_header is not none }}
  create {% if temporary: -%}temporary{%- endif %} table
    {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {% set contract = config.get('contract') %}
  {% if contract.enforced and (not temporary) %}
    {{ get_assert_columns_equivalent(sql) }}
    {{ get_table_columns_and_constraints() }}
    {%- set sql = get_select_subquery(sql) %}
  {% endif %}
  as ( {{ sql }} );
{%- endmacro %}
{% macro default__create_view_as(relation, sql) -%}
  {%- set sql_header = config.get('sql_header', none) -%}
  {{ sql_header if sql_header is not none }}
  create view {{ relation.render() }}
  {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
  as ( {{ sql }} );
{%- endmacro %}
{% macro default__get_select_subquery(sql) %}
  select {{ adapter.dispatch('get_column_names', 'dbt')() }} from ( {{ sql }} ) as model_subq
{%- endmacro %}
{% macro create_or_replace_view() %}
  {%- set target_relation = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type='view') -%}
  {%- set old_relation = load_cached_relation(target_relation) -%}
  {{ run_hooks(pre_hooks) }}
  {%- if old_relation is not none and old_relation.is_table -%} {{ handle_existing_table(should_full_refresh(), old_relation) }} {%- endif -%}
  {% call statement('main') -%} {{ get_create_view_as_sql(target_relation, sql) }} {%- endcall %}
  {% set is_view = old_relation is not none and old_relation.is_view %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(is_view, full_refresh_mode=True)) %}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target_relation]}) }}
{% endmacro %}
`

const duckdb = `
${layout('partitioned_by', ['partitioned_by', 'partition_by'], false)}
${layout('sorted_by', ['sorted_by', 'sort_by'], true)}
{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by)) }}
{%- endmacro %}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if language == 'python' -%}
    {{ return(py_write_table(temporary=temporary, relation=relation, compiled_code=compiled_code, partitioned_by=partitioned_by, sorted_by=sorted_by)) }}
  {%- elif language != 'sql' -%}
    {% do exceptions.raise_compiler_error("duckdb__create_table_as macro didn't get supported language, it got %s" % language) %}
  {%- endif -%}
  {%- set contract = config.get('contract') -%}
  {%- set sql_header = config.get('sql_header', none) %}
  {% if contract.enforced %} {{ get_assert_columns_equivalent(compiled_code) }} {% endif %}
  {{ sql_header if sql_header is not none }}
  create {% if temporary -%}temporary{%- endif %} table
    {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {%- set layouts %}
    {% if partitioned_by %} {{ duckdb__alter_table_set_partitioned_by(relation, partitioned_by) }} {% endif %}
    {% if sorted_by %} {{ duckdb__alter_table_set_sorted_by(relation, sorted_by) }} {% endif %}
  {%- endset %}
  {% if contract.enforced and not temporary %}
    {{ get_table_columns_and_constraints() }} ;
    {{ layouts }}
    insert into {{ relation }} {{ get_column_names() }} ( {{ get_select_subquery(compiled_code) }} );
  {% elif partitioned_by or sorted_by %}
    as ( select * from ( {{ compiled_code }} ) as model_subq limit 0 );
    {{ layouts }}
    insert into {{ relation }} select * from ( {{ compiled_code }} ) as model_subq;
  {% else %}
    as (
      {{ compiled_code }}
    );
  {% endif %}
{% endmacro %}
{% macro duckdb__create_view_as(relation, sql) -%}
  {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
  {%- set sql_header = config.get('sql_header', none) -%}
  {{ sql_header if sql_header is not none }}
  create view {{ relation }} as (
    {{ sql }}
  );
{% endmacro %}
`

export const tableMacros = [...macrosOf('dbt', common), ...macrosOf('dbt_duckdb', duckdb)]
