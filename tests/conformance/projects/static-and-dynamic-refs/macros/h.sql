{% macro hooked(r) %}select * from {{ r }}{% endmacro %}
