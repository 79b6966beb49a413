select 'web' as platform, event_id, anonymous_id, event, properties, occurred_at from {{ source('tracker', 'web_events') }}
