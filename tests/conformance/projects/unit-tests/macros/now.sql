{% macro now_() %}current_timestamp{% endmacro %}
