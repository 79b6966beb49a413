{% for e in var('event_types') %}
select '{{ e }}', count(*) from {{ ref('stg_events__all') }} where event = '{{ e }}'{{ ';' if loop.last else ' union all' }}
{% endfor %}
