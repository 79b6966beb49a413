{% macro m2() %}2{% endmacro %}
