{% macro cents_to_units(column_name, scale=2) -%}
    ({{ column_name }} / 100)::decimal(16, {{ scale }})
{%- endmacro %}

{% macro convert(amount, currency, day) -%}
    ({{ amount }} * (select r.rate from {{ ref('exchange_rates') }} as r where r.currency = {{ currency }} and r.day = {{ day }}))
{%- endmacro %}
