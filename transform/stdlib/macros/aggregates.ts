/** Aggregates, arrays and series. */
import { dispatching, macrosOf } from './standard-macro.ts'

export const aggregateMacros = [
  ...macrosOf(
    'dbt',
    `${dispatching(
      'any_value(expression)',
      'bool_or(expression)',
      'array_append(array, new_element)',
      'array_concat(array_1, array_2)',
      'get_powers_of_two(upper_bound)',
      'generate_series(upper_bound)',
    )}
{% macro listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) -%}
  {{ return(adapter.dispatch('listagg', 'dbt')(measure, delimiter_text, order_by_clause, limit_num)) }}
{%- endmacro %}
{% macro array_construct(inputs=[], data_type=api.Column.translate_type('integer')) -%}
  {{ return(adapter.dispatch('array_construct', 'dbt')(inputs, data_type)) }}
{%- endmacro %}

{% macro default__any_value(expression) -%} any_value({{ expression }}) {%- endmacro %}
{% macro default__bool_or(expression) -%} bool_or({{ expression }}) {%- endmacro %}
{% macro default__array_append(array, new_element) -%} array_append({{ array }}, {{ new_element }}) {%- endmacro %}
{% macro default__array_concat(array_1, array_2) -%} array_cat({{ array_1 }}, {{ array_2 }}) {%- endmacro %}
{% macro default__array_construct(inputs, data_type) -%}
  {% if inputs | length > 0 %} array[ {{ inputs | join(' , ') }} ] {% else %} array[]::{{ data_type }}[] {% endif %}
{%- endmacro %}

{% macro default__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {% if limit_num -%}
    array_to_string(
      array_slice(
        array_agg( {{ measure }} ){% if order_by_clause -%} within group ({{ order_by_clause }}) {%- endif %}
        ,0
        ,{{ limit_num }}
      ),
      {{ delimiter_text }}
    )
  {%- else %}
    listagg( {{ measure }}, {{ delimiter_text }} )
    {% if order_by_clause -%} within group ({{ order_by_clause }}) {%- endif %}
  {%- endif %}
{%- endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
  {% if upper_bound <= 0 %}{{ exceptions.raise_compiler_error('upper bound must be positive') }}{% endif %}
  {% for power in range(1, 100) %}{% if upper_bound <= 2 ** power %}{{ return(power) }}{% endif %}{% endfor %}
{% endmacro %}
{% macro default__generate_series(upper_bound) %}
  {% set bits = dbt.get_powers_of_two(upper_bound) %}
  with p as (
    select 0 as generated_number union all select 1
  ), unioned as (
    select
    {% for i in range(bits) %}
      p{{ i }}.generated_number * power(2, {{ i }}) {% if not loop.last %} + {% endif %}
    {% endfor %}
    + 1 as generated_number
    from
    {% for i in range(bits) %}
      p as p{{ i }} {% if not loop.last %} cross join {% endif %}
    {% endfor %}
  )
  select * from unioned where generated_number <= {{ upper_bound }} order by generated_number
{% endmacro %}
`,
  ),
  ...macrosOf(
    'dbt_duckdb',
    `
{% macro duckdb__any_value(expression) -%} arbitrary({{ expression }}) {%- endmacro %}
{% macro duckdb__generate_series(upper_bound) %}
  select generate_series as generated_number from generate_series(1, {{ upper_bound }})
{% endmacro %}
{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {% if limit_num -%}
    list_aggr(
      (array_agg( {{ measure }} {% if order_by_clause -%} {{ order_by_clause }} {%- endif %} ))[1:{{ limit_num }}],
      'string_agg',
      {{ delimiter_text }}
    )
  {%- else %}
    string_agg(
      {{ measure }}, {{ delimiter_text }} {% if order_by_clause -%} {{ order_by_clause }} {%- endif %}
    )
  {%- endif %}
{%- endmacro %}
`,
  ),
]
