{%- for e in key_events() %}
select event_id, user_id, occurred_at, '{{ e }}' as event from {{ ref('event_' ~ e) }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
