-- One row per as-of instant that features are due for: a midnight of UTC, and what counts as known by then.
with activity as (

    select * from {{ ref('stg_user_activity') }}

),

stream as (

    select
        min(activity.landed_at) as first_landed_at,
        max(activity.landed_at) as last_landed_at,
        -- How far the stream has come. Events dated later than they landed say nothing about that.
        max(activity.event_timestamp) filter (where activity.event_timestamp <= activity.landed_at)
            as last_event_at,
    from activity

),

loaded as (

    select
        stream.*,
        {% if var('history_loaded_until') -%}
        date_trunc('day', timestamp '{{ var('history_loaded_until') }}') as history_loaded_until,
        {%- else -%}
        date_trunc('day', stream.first_landed_at) + interval 2 days as history_loaded_until,
        {%- endif %}
    from stream

),

event_days as (

    select distinct date_trunc('day', activity.event_timestamp) as day
    from activity

),

next_event_days as (

    select
        event_days.day,
        lead(event_days.day) over (order by event_days.day) as next_day,
    from event_days

),

-- Those within the window after a day with events; at others nobody has features. The stream has to be an hour
-- past them, so that what was on its way to the lake at the instant has arrived.
midnights as (

    select
        loaded.*,
        unnest(
            generate_series(
                next_event_days.day + interval 1 day,
                least(
                    next_event_days.next_day,
                    next_event_days.day + interval {{ var('feature_window_days') }} days,
                    loaded.last_event_at - interval 1 hour
                ),
                interval 1 day
            )
        ) as as_of,
    from loaded
    cross join next_event_days
    -- Where all events are dated later than they landed there is no instant yet.
    where loaded.last_event_at is not null

)

select
    midnights.as_of,
    greatest(midnights.as_of, midnights.history_loaded_until) as landed_before,
    midnights.history_loaded_until,
    midnights.last_event_at,
    midnights.last_landed_at,
from midnights
-- 1970-01-05 was a Monday.
where date_diff('day', timestamp '1970-01-05', midnights.as_of) % {{ var('feature_interval_days') }} = 0
