{% macro windowed(metrics, sizes=[7, 28]) -%}
  {%- for m in metrics -%}
    {%- for n in sizes %}
    sum({{ m }}) over (order by day rows between {{ n - 1 }} preceding and current row) as {{ m }}_{{ n }}d
    {{- "," if not (loop.last and loop.changed is defined and m == metrics[-1]) -}}
    {%- endfor -%}
  {%- endfor -%}
{%- endmacro %}
{% macro wrapped(name) %}
  with {{ name }} as (
    {{ caller() }}
  )
  select * from {{ name }}
{% endmacro %}
