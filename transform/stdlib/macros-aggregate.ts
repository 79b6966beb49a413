/** Aggregates, arrays and series. */
export const aggregateMacros = `
{% macro any_value(expression) %}{{ return(adapter.dispatch('any_value', 'dbt')(expression)) }}{% endmacro %}
{% macro default__any_value(expression) -%} any_value({{ expression }}) {%- endmacro %}

{% macro bool_or(expression) %}{{ return(adapter.dispatch('bool_or', 'dbt')(expression)) }}{% endmacro %}
{% macro default__bool_or(expression) -%} bool_or({{ expression }}) {%- endmacro %}

{% macro listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) %}
  {{ return(adapter.dispatch('listagg', 'dbt')(measure, delimiter_text, order_by_clause, limit_num)) }}
{% endmacro %}
{% macro default__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- set ordered = (measure ~ ' ' ~ order_by_clause) if order_by_clause else measure -%}
  {%- if limit_num -%}
    array_to_string(list_slice(list({{ ordered }}), 1, {{ limit_num }}), {{ delimiter_text }})
  {%- elif order_by_clause -%}
    string_agg({{ measure }}, {{ delimiter_text }} {{ order_by_clause }})
  {%- else -%}
    string_agg({{ measure }}, {{ delimiter_text }})
  {%- endif -%}
{%- endmacro %}

{% macro array_construct(inputs=[], data_type=none) %}
  {{ return(adapter.dispatch('array_construct', 'dbt')(inputs, data_type or api.Column.translate_type('integer'))) }}
{% endmacro %}
{% macro default__array_construct(inputs, data_type) -%}
  {%- if inputs -%} [{{ inputs | join(', ') }}]
  {%- else -%} cast([] as {{ data_type }}[])
  {%- endif -%}
{%- endmacro %}

{% macro array_append(array, new_element) %}{{ return(adapter.dispatch('array_append', 'dbt')(array, new_element)) }}{% endmacro %}
{% macro default__array_append(array, new_element) -%} list_append({{ array }}, {{ new_element }}) {%- endmacro %}

{% macro array_concat(array_1, array_2) %}{{ return(adapter.dispatch('array_concat', 'dbt')(array_1, array_2)) }}{% endmacro %}
{% macro default__array_concat(array_1, array_2) -%} list_concat({{ array_1 }}, {{ array_2 }}) {%- endmacro %}

{% macro get_powers_of_two(upper_bound) %}{{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}{% endmacro %}
{% macro default__get_powers_of_two(upper_bound) -%}
  {%- if upper_bound <= 0 %}{{ exceptions.raise_compiler_error('upper bound must be positive') }}{% endif -%}
  {%- for power in range(1, 100) -%}{%- if upper_bound <= 2 ** power %}{{ return(power) }}{% endif -%}{%- endfor -%}
{%- endmacro %}

{% macro generate_series(upper_bound) %}{{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}{% endmacro %}
{% macro default__generate_series(upper_bound) -%}
  select unnest(range(1, {{ upper_bound }} + 1)) as generated_number
{%- endmacro %}
`
