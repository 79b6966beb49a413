{% macro current_timestamp() %}timestamp '2024-01-01'{% endmacro %}
{% macro default__test_not_null(model, column_name) %}
select '{{ column_name }}' as missing from {{ model }} where {{ column_name }} is null
{% endmacro %}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where') -%}
    {%- if where -%}(select * from {{ relation }} where {{ where | replace('__today__', "date '2024-01-01'") }}) as filtered{%- else -%}{{ relation }}{%- endif -%}
{%- endmacro %}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}({{ from_date_or_timestamp }} + to_{{ datepart }}s({{ interval }})){% endmacro %}
