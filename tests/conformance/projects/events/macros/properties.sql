{% macro property(name, column='properties', type=none) -%}
  {%- set expression = adapter.dispatch('json_text', 'events')(column, name) -%}
  {%- if type is none -%}{{ expression }}{%- else -%}{{ dbt.safe_cast(expression, type) }}{%- endif -%}
{%- endmacro %}
{% macro default__json_text(column, name) -%}json_extract_path_text({{ column }}, '{{ name }}'){%- endmacro %}
{% macro duckdb__json_text(column, name) -%}{{ column }} ->> '$.{{ name }}'{%- endmacro %}

{% macro properties_of(event) %}
  {%- set spec = var('event_types')[event] -%}
  {%- for p in spec.properties %}
    {{ property(p) }} as {{ p }}{{ "," if not loop.last }}
  {%- endfor -%}
{% endmacro %}

{% macro key_events() %}
  {%- set found = [] -%}
  {%- for name, spec in var('event_types').items() if spec['level'] == 'key' -%}
    {%- do found.append(name) -%}
  {%- endfor -%}
  {{ return(found) }}
{% endmacro %}
