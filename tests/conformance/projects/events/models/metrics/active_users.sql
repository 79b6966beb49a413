{% set grains = {'d': 'day', 'w': 'week', 'm': 'month'} %}
{% for letter, grain in grains.items() %}
select '{{ letter }}au' as metric, {{ dbt.date_trunc(grain, 'occurred_at') }} as period, count(distinct user_id) as users from {{ ref('stg_events__identified') }} group by all
{{ 'union all' if not loop.last else '' }}
{% endfor %}
