{% macro m1() %}1{% endmacro %}
