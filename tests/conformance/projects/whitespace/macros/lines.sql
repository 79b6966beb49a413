{% macro inline(x) %}
    <{{ x }}>
{% endmacro %}
{% macro tight(x) -%}
    <{{ x }}>
{%- endmacro %}
