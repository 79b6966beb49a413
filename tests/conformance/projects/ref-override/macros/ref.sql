{% macro ref() %}
    {% set version = kwargs.get('version') or kwargs.get('v') %}
    {% if varargs | length == 2 %}{% set rel = builtins.ref(varargs[0], varargs[1], v=version) %}{% else %}{% set rel = builtins.ref(varargs[0], v=version) %}{% endif %}
    {% do return(rel.include(database=false)) %}
{% endmacro %}
{% macro source(a, b) %}{{ return(builtins.source(a, b).include(database=false, schema=false)) }}{% endmacro %}
