select occurred_at::date as day
{%- for e in var('event_types') | sort %},
  count(*) filter (event = '{{ e }}') as {{ e }}_count
{%- endfor %}
from {{ ref('stg_events__all') }} group by 1
