{% macro money(expression) -%}{{ return(adapter.dispatch('money', 'finance_tools')(expression)) }}{%- endmacro %}
{% macro default__money(expression) -%}round({{ expression }}, {{ var('rounding', 3) }}){%- endmacro %}
{% macro month_of(column) -%}{{ adapter.dispatch('month_of', 'finance_tools')(column) }}{%- endmacro %}
{% macro default__month_of(column) -%}date_trunc('month', {{ column }}){%- endmacro %}
{% macro fiscal_year(column) -%}
  {%- set start = var('fiscal_year_start_month', 1) -%}
  extract(year from {{ column }}) + case when extract(month from {{ column }}) >= {{ start }} then {{ 1 if start > 1 else 0 }} else 0 end
{%- endmacro %}
