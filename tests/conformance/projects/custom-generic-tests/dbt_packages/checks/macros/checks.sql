{% test at_least_one(model, column_name) -%}
{{ adapter.dispatch('test_at_least_one', 'checks')(model, column_name) }}
{%- endtest %}
{% macro default__test_at_least_one(model, column_name) -%}
select count({{ column_name }}) as n from {{ model }} having n = 0
{%- endmacro %}
