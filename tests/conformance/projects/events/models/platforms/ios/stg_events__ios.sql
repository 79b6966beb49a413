select 'ios' as platform, event_id, device_id as anonymous_id, event, properties, occurred_at from {{ source('tracker', 'ios_events') }}
