{% macro helper_setting() %}{{ return(var('helper_var', 'unset')) }}{% endmacro %}
