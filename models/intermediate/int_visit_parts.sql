-- One row per visit of a user, day on which a part of it happened, day on which that landed, and build that took
-- it in. Days are those of UTC, money is cents.
with activity as (

    select * from {{ new_rows(ref('stg_user_activity')) }}

),

products as (

    select * from {{ ref('stg_products') }}

),

ranked_products as (

    select
        products.product_id,
        products.category,
        percent_rank() over (partition by products.category order by products.price_cents)
            as exact_rank,
        {{ summable('exact_rank') }} as price_rank,
    from products

),

described as (

    select
        activity.*,
        coalesce(
            'given:' || activity.session_id,
            'hour:' || epoch_us(date_trunc('hour', activity.event_timestamp))
        ) as visit_key,
        ranked_products.category,
        ranked_products.price_rank,
    from activity
    left join ranked_products on activity.product_id = ranked_products.product_id

)

select
    min(described.activity_id) as first_activity_id,
    described.user_id,
    described.visit_key,
    count(*) as event_count,
    count(*) filter (where described.action = 'login') as login_count,
    count(*) filter (where described.action = 'search') as search_count,
    count(*) filter (where described.action = 'view_product') as view_count,
    count(*) filter (where described.action = 'add_to_cart') as cart_count,
    count(*) filter (where described.action = 'remove_from_cart') as removal_count,
    count(*) filter (where described.action = 'checkout') as checkout_count,
    count(*) filter (where described.action = 'purchase') as purchase_count,
    count(described.price_rank) filter (where described.action = 'view_product') as ranked_view_count,
    sum(described.price_rank) filter (where described.action = 'view_product') as view_rank_sum,
    histogram(described.category) filter (where described.action = 'view_product')
        as views_by_category,
    coalesce(
        sum(described.price_cents * described.quantity) filter (where described.action = 'purchase'),
        0
    )::bigint as revenue_cents,
    min(described.event_timestamp) as started_at,
    max(described.event_timestamp) as ended_at,
    described.event_timestamp::date as happened_on,
    described.landed_at::date as landed_on,
from described
group by described.user_id, described.visit_key, happened_on, landed_on
