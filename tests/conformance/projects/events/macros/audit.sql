{% macro audit(step) %}
  {%- if execute and flags.WHICH in ['run', 'build'] -%}
    insert into {{ target.schema }}_audit.runs values ('{{ invocation_id }}', '{{ step }}', now())
  {%- endif -%}
{% endmacro %}
{% macro log_model(step) -%}
  select '{{ step }} {{ this.identifier }}' as note
{%- endmacro %}
