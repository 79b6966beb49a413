select s.session_id, s.anonymous_id, s.started_at, count(*) as event_count, {{ dbt.listagg('e.event', "','", 'order by e.occurred_at') }} as path
from {{ ref('session_starts') }} as s
join {{ ref('stg_events__all') }} as e on e.anonymous_id = s.anonymous_id and e.occurred_at between s.started_at and s.started_at + interval '{{ var("session_gap_minutes") }} minutes'
group by all
