-- One row per user: the registered ones, and those known only by what they did; times are UTC.
with registered as (

    select * from {{ ref('stg_users') }}

),

activity as (

    select * from {{ ref('stg_user_activity') }}

),

seen as (

    select
        activity.user_id,
        min(activity.event_timestamp) as first_event_at,
    from activity
    where activity.user_id between -2147483648 and 2147483647
    group by activity.user_id

)

select
    coalesce(registered.user_id, seen.user_id) as user_id,
    registered.name,
    registered.email,
    coalesce(registered.signup_date, seen.first_event_at) as signup_date,
from registered
full outer join seen on registered.user_id = seen.user_id
