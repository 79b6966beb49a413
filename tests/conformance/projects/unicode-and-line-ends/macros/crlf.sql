{% macro crlf_macro() %}
  a
{%- endmacro %}
