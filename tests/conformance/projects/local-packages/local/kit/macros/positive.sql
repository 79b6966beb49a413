{% test positive(model, column_name) %}select * from {{ model }} where {{ column_name }} < 0{% endtest %}
{% macro which() %}kit{% endmacro %}
{% macro calls_which() %}{{ which() }}{% endmacro %}
