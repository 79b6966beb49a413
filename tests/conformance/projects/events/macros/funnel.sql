{% macro funnel(name, source_relation) %}
  {%- set steps = var('funnels')[name] -%}
  {%- set ns = namespace(previous=none) -%}
  with
  {%- for step in steps %}
  step_{{ loop.index }} as (
    select user_id, min(occurred_at) as at
    from {{ source_relation }}
    where event = '{{ step }}'
    {%- if ns.previous %}
      and user_id in (select user_id from {{ ns.previous }})
    {%- endif %}
    group by user_id
  ){{ "," if not loop.last }}
  {%- set ns.previous = 'step_' ~ loop.index -%}
  {%- endfor %}
  select
  {%- for step in steps %}
    (select count(*) from step_{{ loop.index }}) as {{ step }}_users{% if not loop.last %},{% endif %}
  {%- endfor %}
{% endmacro %}
