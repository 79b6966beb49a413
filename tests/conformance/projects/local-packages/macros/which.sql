{% macro which() %}root{% endmacro %}
