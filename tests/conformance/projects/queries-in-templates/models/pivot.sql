{% set methods = [] %}
{% if execute %}
  {% set methods = run_query("select distinct method from " ~ source('app', 'payments') ~ " order by 1").columns[0].values() %}
{% endif %}
select
{%- for m in methods %}
  sum(case when method = '{{ m }}' then amount end) as {{ m }}_amount{{ ',' if not loop.last }}
{%- endfor %}
from {{ source('app', 'payments') }}
