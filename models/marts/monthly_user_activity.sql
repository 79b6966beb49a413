-- One row per user and month of UTC in which they did something; money is cents.
with activity as (

    select * from {{ ref('stg_user_activity') }}

)

select
    activity.user_id,
    date_trunc('month', activity.event_timestamp)::date as month,
    count(*) as event_count,
    count(*) filter (where activity.action = 'login') as login_count,
    count(*) filter (where activity.action = 'search') as search_count,
    count(*) filter (where activity.action = 'view_product') as view_count,
    count(*) filter (where activity.action = 'add_to_cart') as cart_count,
    count(*) filter (where activity.action = 'remove_from_cart') as cart_removal_count,
    count(*) filter (where activity.action = 'checkout') as checkout_count,
    count(*) filter (where activity.action = 'purchase') as purchase_count,
    count(*) filter (where activity.action = 'logout') as logout_count,
    count(distinct activity.event_timestamp::date) as active_days,
    coalesce(
        sum(activity.price_cents * activity.quantity) filter (where activity.action = 'purchase'),
        0
    )::bigint as revenue_cents,
from activity
group by activity.user_id, month
