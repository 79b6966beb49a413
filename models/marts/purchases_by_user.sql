-- One row per user who bought something; times are UTC, money is cents.
with activity as (

    select * from {{ ref('stg_user_activity') }}

)

select
    activity.user_id,
    count(*) as total_purchases,
    coalesce(sum(activity.price_cents * activity.quantity), 0)::bigint as revenue_cents,
    min(activity.event_timestamp) as first_purchase_at,
    max(activity.event_timestamp) as last_purchase_at,
from activity
where activity.action = 'purchase'
group by activity.user_id
