select user_id, min(occurred_at) as first_seen_at, count(*) as event_count from {{ ref('stg_events__identified') }} group by 1
