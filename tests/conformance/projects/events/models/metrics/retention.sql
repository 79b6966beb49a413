{%- set periods = range(0, 5) -%}
with firsts as (select user_id, min(occurred_at)::date as first_day from {{ ref('stg_events__identified') }} group by 1)
select first_day
{%- for n in periods %}
    , count(distinct case when e.occurred_at::date = {{ dbt.dateadd('week', n, 'first_day') }} then user_id end) as week_{{ '%02d' % n }}
{%- endfor %}
from firsts join {{ ref('stg_events__identified') }} as e using (user_id) group by 1
