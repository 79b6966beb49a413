/** The statements that load a seed. */
import { dispatching, macrosOf } from './standard-macro.ts'

/** Rows in batches, each inserted with its values bound. */
const batches = `{% set names = get_seed_column_quoted_csv(model, agate_table.column_names) %}
  {% set statements = [] %}
  {% for chunk in agate_table.rows | batch(get_batch_size()) %}
    {% set bindings = [] %}
    {% for row in chunk %}{% do bindings.extend(row) %}{% endfor %}
    {% set sql %}
      insert into {{ this.render() }} ({{ names }}) values
      {% for row in chunk -%}
        ({%- for column in agate_table.column_names -%} {{ get_binding_char() }} {%- if not loop.last %},{%- endif %} {%- endfor -%})
        {%- if not loop.last %},{%- endif %}
      {%- endfor %}
    {% endset %}
    {% do adapter.add_query(sql, bindings=bindings, abridge_sql_log=True) %}
    {% do statements.append(sql) %}
  {% endfor %}
  {{ return(statements[0]) }}`

export const seedMacros = [
  ...macrosOf(
    'dbt',
    `${dispatching(
      'create_csv_table(model, agate_table)',
      'reset_csv_table(model, full_refresh, old_relation, agate_table)',
      'get_csv_sql(create_or_truncate_sql, insert_sql)',
      'get_binding_char()',
      'get_batch_size()',
      'load_csv_rows(model, agate_table)',
    )}
{% macro default__create_csv_table(model, agate_table) %}
  {%- set types = model['config'].get('column_types', {}) -%}
  {% set sql %}
    create table {{ this.render() }} (
      {%- for name in agate_table.column_names -%}
        {{ adapter.quote_seed_column(name | string, model['config'].get('quote_columns', none)) }} {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }} {%- if not loop.last -%}, {%- endif -%}
      {%- endfor -%}
    )
  {% endset %}
  {% call statement('_') -%} {{ sql }} {%- endcall %}
  {{ return(sql) }}
{% endmacro %}
{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {% if full_refresh %}
    {{ adapter.drop_relation(old_relation) }}
    {{ return(create_csv_table(model, agate_table)) }}
  {% endif %}
  {{ adapter.truncate_relation(old_relation) }}
  {{ return('truncate table ' ~ old_relation.render()) }}
{% endmacro %}
{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
  {{ create_or_truncate_sql }};
  -- dbt seed --
  {{ insert_sql }}
{% endmacro %}
{% macro default__get_binding_char() %}{{ return('%s') }}{% endmacro %}
{% macro default__get_batch_size() %}{{ return(10000) }}{% endmacro %}
{% macro get_seed_column_quoted_csv(model, column_names) %}
  {% set quoted = [] %}
  {% for name in column_names %}{% do quoted.append(adapter.quote_seed_column(name, model['config'].get('quote_columns', none))) %}{% endfor %}
  {{ return(quoted | join(', ')) }}
{% endmacro %}
{% macro default__load_csv_rows(model, agate_table) %}
  ${batches}
{% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro duckdb__get_binding_char() %}{{ return(adapter.get_binding_char()) }}{% endmacro %}
{% macro duckdb__get_batch_size() %}{{ return(10000) }}{% endmacro %}
{% macro duckdb__load_csv_rows(model, agate_table) %}
  {% if config.get('fast', true) %}
    {% set sql %}
      COPY {{ this.render() }} FROM '{{ adapter.get_seed_file_path(model) }}' (FORMAT CSV, HEADER TRUE, DELIMITER '{{ config.get('delimiter', ',') }}')
    {% endset %}
    {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {{ return(sql) }}
  {% endif %}
  {% set agate_table = adapter.convert_datetimes_to_strs(agate_table) %}
  ${batches}
{% endmacro %}
`,
  ),
]
