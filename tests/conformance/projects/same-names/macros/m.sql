{% macro who() %}root{% endmacro %}
