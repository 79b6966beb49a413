{% macro who() %}twin{% endmacro %}
{% macro twin_who() %}{{ who() }}/{{ twin.who() }}{% endmacro %}
