-- One row: how many users were active in the days before this build; times are UTC.
with activity as (

    select * from {{ ref('user_activity') }}

),

bounds as (

    select
        timezone('UTC', now()) - interval {{ var('active_days') }} days as window_start,
        timezone('UTC', now()) as window_end,

)

select
    count(distinct activity.user_id) as active_users,
    bounds.window_start,
    bounds.window_end,
from bounds
left join activity
    on
        activity.event_timestamp > bounds.window_start
        and activity.event_timestamp <= bounds.window_end
group by bounds.window_start, bounds.window_end
