{% macro is_good(x) %}{{ inner(x) }} = 1{% endmacro %}{% macro inner(x) %}{{ x }}{% endmacro %}
