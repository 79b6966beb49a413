-- One row per day of UTC with activity: users at each step towards a purchase, and how many went on.
with activity as (

    select * from {{ ref('stg_user_activity') }}

),

steps as (

    select
        activity.event_timestamp::date as day,
        count(distinct activity.user_id) as visitors,
        count(distinct activity.user_id) filter (where activity.action = 'view_product') as viewers,
        count(distinct activity.user_id) filter (where activity.action = 'add_to_cart') as carters,
        count(distinct activity.user_id) filter (where activity.action = 'checkout') as checkouts,
        count(distinct activity.user_id) filter (where activity.action = 'purchase') as purchasers,
    from activity
    group by day

)

select
    steps.day,
    steps.visitors,
    steps.viewers,
    steps.carters,
    steps.checkouts,
    steps.purchasers,
    round(steps.carters / nullif(steps.viewers, 0), 6)::decimal(18, 6) as view_to_cart_rate,
    round(steps.checkouts / nullif(steps.carters, 0), 6)::decimal(18, 6) as cart_to_checkout_rate,
    round(steps.purchasers / nullif(steps.checkouts, 0), 6)::decimal(18, 6)
        as checkout_to_purchase_rate,
    round(steps.purchasers / nullif(steps.viewers, 0), 6)::decimal(18, 6) as view_to_purchase_rate,
from steps
