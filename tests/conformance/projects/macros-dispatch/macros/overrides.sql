{% macro default__plain(x) -%}plainly({{ x }}){%- endmacro %}

{% macro default__shout(x) -%}upper({{ x }}) || '!'{%- endmacro %}

{# Calls of macros in macros, with defaults, names, varargs and kwargs. #}
{% macro columns(first, second='b') -%}
    {{ first }}, {{ second }}{% for name in varargs %}, {{ name }}{% endfor %}{% for key, value in kwargs.items() %}, {{ value }} as {{ key }}{% endfor %}
{%- endmacro %}

{% macro _private(x) %}({{ x }}){% endmacro %}
{% macro uses_private(x) -%}{{ _private(x) }}{%- endmacro %}

{% macro a_list() %}{{ return([1, 2, 3]) }}{% endmacro %}
{% macro a_dict() %}{% do return({'k': 'v'}) %}{% endmacro %}
