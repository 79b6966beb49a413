{% macro x(a, b=1) %}{{ a }}{% endmacro %}
