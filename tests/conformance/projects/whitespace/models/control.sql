{%- set a = 1 -%}
{% set b = 2 %}
select
  {%- for i in range(3) %}
    {{ i }} as c{{ i }}
    {%- if not loop.last %},{% endif %}
  {%- endfor %}

  {#- gone -#}
  , {{- a -}} as a
  {# kept line #}
  , {{ b }} as b   
	, 1 as tabbed
{%+ if true +%}
  , 2 as plus
{%+ endif +%}
{% if false -%} never {%- else -%}  , 3 as otherwise  {%- endif %}
