{% test balanced(model, debit, credit) %}
select sum({{ debit }}) - sum({{ credit }}) as difference from {{ model }} having abs(difference) > {{ 10 ** -var('rounding', 4) }}
{% endtest %}
{% test recent(model, column_name, days=7) %}
{{ config(severity='warn', tags=['freshness']) }}
select max({{ column_name }}) as last from {{ model }} having last < {{ dbt.dateadd('day', -days, dbt.current_timestamp()) }}
{% endtest %}
