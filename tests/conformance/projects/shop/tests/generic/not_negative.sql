{% test not_negative(model, column_name) %}
    {{ config(severity='error') }}
    select * from {{ model }} where {{ column_name }} < 0
{% endtest %}
