{% macro f(x) %}{{ x }}{% endmacro %}
