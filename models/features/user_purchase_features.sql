-- One row per as-of instant and user who came within the window before it, of events strictly before the instant
-- that had landed by then. Money is cents, shares are 0 to 1. Only whole numbers and summable() fractions are added
-- up, whose sums are the same in every order.
with due_instants as (

    select * from {{ ref('int_feature_instants') }} as instants
    {% if is_incremental() %}
    -- What was served stays. Only of history that is still being loaded more may become known, and for an hour
    -- afterwards, while what landed last arrives.
    where not exists (
        select 1
        from {{ this }} as served
        where
            served.as_of = instants.as_of
            and served.known_through
            >= least(instants.landed_before + interval 1 hour, instants.last_landed_at)
    )
    {% endif %}

),

parts as (

    select * from {{ ref('int_visit_parts') }}

),

products as (

    select * from {{ ref('stg_products') }}

),

known_parts as (

    select
        due_instants.as_of,
        due_instants.last_landed_at,
        parts.*,
    from due_instants
    inner join parts
        on
            parts.happened_on < due_instants.as_of
            and parts.happened_on >= due_instants.as_of - interval {{ var('feature_window_days') }} days
            and parts.landed_on < due_instants.landed_before

),

-- Counts are added up as doubles: exact up to 2^53, and twice as fast as sums of 128 bits.
visits as (

    select
        known_parts.as_of,
        known_parts.user_id,
        max(known_parts.last_landed_at) as known_through,
        sum(known_parts.event_count::double) as events,
        sum(known_parts.login_count::double) as logins,
        sum(known_parts.search_count::double) as searches,
        sum(known_parts.view_count::double) as views,
        sum(known_parts.cart_count::double) as carts,
        sum(known_parts.removal_count::double) as removals,
        sum(known_parts.checkout_count::double) as checkouts,
        sum(known_parts.purchase_count::double) as purchases,
        sum(known_parts.ranked_view_count::double) as ranked_views,
        sum(known_parts.view_rank_sum) as view_rank_sum,
        sum(known_parts.revenue_cents) as revenue_cents,
        min(known_parts.started_at) as started_at,
        max(known_parts.ended_at) as ended_at,
        date_diff('second', max(known_parts.ended_at), known_parts.as_of) as age_seconds,
        age_seconds / 86400 as age_days,
    from known_parts
    group by known_parts.as_of, known_parts.user_id, known_parts.visit_key

),

habits as (

    select
        visits.as_of,
        visits.user_id,
        max(visits.known_through) as known_through,
        min(visits.age_days) as days_since_visit,
        min(visits.age_days) filter (where visits.carts > 0) as days_since_cart,
        min(visits.age_days) filter (where visits.purchases > 0) as days_since_purchase,
        max(visits.age_days) as days_since_first_visit,
        sum(visits.age_seconds::double) / count(*) / 86400 as mean_age_days,
        count(*) as visits,
        count(*) filter (where visits.age_days <= 7) as visits_7d,
        count(*) filter (where visits.age_days <= 14) as visits_14d,
        count(*) filter (where visits.age_days <= 30) as visits_30d,
        count(*) filter (where visits.age_days > 30 and visits.age_days <= 60) as visits_30d_before,
        sum({{ summable('pow(0.5, visits.age_days / 7)') }}) as visits_fading_7d,
        sum({{ summable('pow(0.5, visits.age_days / 30)') }}) as visits_fading_30d,
        count(*) filter (where visits.purchases > 0) as buying_visits,
        count(*) filter (where visits.purchases > 0 and visits.age_days <= 7) as buying_visits_7d,
        count(*) filter (where visits.purchases > 0 and visits.age_days <= 30) as buying_visits_30d,
        coalesce(
            sum({{ summable('pow(0.5, visits.age_days / 30)') }})
            filter (where visits.purchases > 0),
            0
        ) as buying_visits_fading_30d,
        count(*) filter (where visits.purchases = 0) as browsing_visits,
        count(*) filter (where visits.carts > 0) as carting_visits,
        count(*) filter (where visits.carts > 0 and visits.purchases = 0) as abandoning_visits,
        count(*) filter (where visits.checkouts > 0 and visits.purchases = 0) as given_up_checkouts,
        count(*) filter (where visits.events = 1) as single_event_visits,
        sum(visits.revenue_cents) as revenue_cents,
        coalesce(sum(visits.revenue_cents) filter (where visits.age_days <= 30), 0)
            as revenue_cents_30d,
        sum(visits.purchases) as purchases,
        sum(visits.logins) as logins,
        sum(visits.searches) as searches,
        sum(visits.views) as views,
        coalesce(sum(visits.views) filter (where visits.age_days <= 30), 0) as views_30d,
        sum(visits.views) filter (where visits.purchases = 0) as browsing_views,
        sum(visits.ranked_views) as ranked_views,
        sum(visits.view_rank_sum) as view_rank_sum,
        sum(visits.carts) as carts,
        coalesce(sum(visits.carts) filter (where visits.age_days <= 7), 0) as carts_7d,
        sum(visits.removals) as removals,
        avg(date_diff('second', visits.started_at, visits.ended_at)) / 60 as minutes_per_visit,
        count(*) filter (where dayofweek(visits.started_at) in (0, 6)) as weekend_visits,
        count(*) filter (where hour(visits.started_at) < 6) as night_visits,
        count(*) filter (where hour(visits.started_at) between 6 and 11) as morning_visits,
        count(*) filter (where hour(visits.started_at) between 12 and 17) as afternoon_visits,
    from visits
    group by visits.as_of, visits.user_id

),

opened_categories as (

    select
        known_parts.as_of,
        known_parts.user_id,
        unnest(map_entries(known_parts.views_by_category)) as entry,
    from known_parts

),

category_views as (

    select
        opened_categories.as_of,
        opened_categories.user_id,
        opened_categories.entry.key as category,
        sum(opened_categories.entry.value) as views,
    from opened_categories
    group by opened_categories.as_of, opened_categories.user_id, category

),

category_prices as (

    select
        products.category,
        median(products.price_cents) as price_cents,
    from products
    group by products.category

),

tastes as (

    select
        category_views.as_of,
        category_views.user_id,
        count(*) as viewed_categories,
        max(category_views.views) / sum(category_views.views) as favourite_category_share,
        max_by(category_prices.price_cents, (category_views.views, category_views.category))
            as favourite_category_price_cents,
    from category_views
    inner join category_prices on category_views.category = category_prices.category
    group by category_views.as_of, category_views.user_id

),

-- What everybody does, as it was known at the instant.
shop as (

    select
        habits.as_of,
        greatest(max(habits.days_since_first_visit), 7) as watched_days,
        sum(habits.buying_visits) / sum(habits.visits) as conversion,
        sum(habits.abandoning_visits) / nullif(sum(habits.browsing_visits), 0) as abandoning_share,
        sum(habits.browsing_views) / nullif(sum(habits.browsing_visits), 0) as browsing_views,
        sum(habits.removals) / nullif(sum(habits.carts), 0) as removals_per_cart,
        sum(habits.view_rank_sum) / nullif(sum(habits.ranked_views), 0) as price_rank,
    from habits
    group by habits.as_of

),

-- Weights: how many cases tell as much of a user as knowing how much users differ.
estimates as (

    select
        habits.*,
        habits.visits * 7 / shop.watched_days as visits_per_week,
        -- Visits that grow or shrink evenly by exp(g) over the time watched lie g / 12 of it nearer to its end.
        12 * (0.5 - habits.mean_age_days / shop.watched_days) * habits.visits / (habits.visits + 15)
            as visits_growth,
        {{ drawn_towards('shop.conversion', 'habits.buying_visits', 'habits.visits', 12) }}
            as likely_conversion,
        {{ drawn_towards('shop.abandoning_share', 'habits.abandoning_visits', 'habits.browsing_visits', 60) }}
            as likely_abandoning_share,
        {{ drawn_towards('shop.browsing_views', 'habits.browsing_views', 'habits.browsing_visits', 40) }}
            as likely_browsing_views,
        {{ drawn_towards('shop.removals_per_cart', 'habits.removals', 'habits.carts', 8) }}
            as likely_removals_per_cart,
        {{ drawn_towards('shop.price_rank', 'habits.view_rank_sum', 'habits.ranked_views', 15) }}
            as likely_price_rank,
    from habits
    inner join shop on habits.as_of = shop.as_of

),

paces as (

    select
        estimates.*,
        estimates.visits_per_week
        * case
            when abs(estimates.visits_growth) < 0.001 then 1
            else estimates.visits_growth / (1 - exp(-estimates.visits_growth))
        end as visits_per_week_now,
    from estimates

)

select
    paces.user_id,
    paces.as_of,
    round(paces.days_since_visit, 6) as days_since_visit,
    round(paces.days_since_cart, 6) as days_since_cart,
    round(paces.days_since_purchase, 6) as days_since_purchase,
    round(paces.days_since_first_visit, 6) as days_since_first_visit,
    round(paces.days_since_visit * paces.visits_per_week / 7, 6) as visits_overdue,
    paces.visits,
    paces.visits_7d,
    paces.visits_14d,
    paces.visits_30d,
    round(paces.visits_per_week, 6) as visits_per_week,
    round(paces.visits_fading_7d, 6) as visits_fading_7d,
    round(paces.visits_fading_30d, 6) as visits_fading_30d,
    paces.buying_visits,
    paces.buying_visits_7d,
    paces.buying_visits_30d,
    round(paces.buying_visits_fading_30d, 6) as buying_visits_fading_30d,
    paces.revenue_cents::bigint as revenue_cents,
    paces.revenue_cents_30d::bigint as revenue_cents_30d,
    round(paces.revenue_cents / nullif(paces.buying_visits, 0), 6) as revenue_cents_per_buying_visit,
    round(paces.purchases / nullif(paces.buying_visits, 0), 6) as products_per_buying_visit,
    paces.views_30d::bigint as views_30d,
    paces.carts_7d::bigint as carts_7d,
    round(paces.carts / nullif(paces.views, 0), 6) as carts_per_view,
    round(paces.carting_visits / paces.visits, 6) as carting_visit_share,
    round(paces.given_up_checkouts / paces.visits, 6) as given_up_checkout_share,
    round(paces.buying_visits / nullif(paces.carting_visits, 0), 6) as cart_conversion,
    round(paces.likely_conversion, 6) as likely_conversion,
    round(paces.likely_abandoning_share, 6) as likely_abandoning_share,
    round(paces.likely_removals_per_cart, 6) as likely_removals_per_cart,
    round(paces.views / paces.visits, 6) as views_per_visit,
    round(paces.likely_browsing_views, 6) as likely_browsing_views,
    round(paces.searches / paces.visits, 6) as searches_per_visit,
    round(paces.minutes_per_visit, 6) as minutes_per_visit,
    round(paces.logins / paces.visits, 6) as login_share,
    round(paces.single_event_visits / paces.visits, 6) as single_event_visit_share,
    round(ln((paces.visits_30d + 1) / (paces.visits_30d_before + 1)), 6) as visits_trend,
    round(paces.visits_growth, 6) as visits_growth,
    round(paces.visits_per_week_now, 6) as visits_per_week_now,
    round(paces.visits_per_week * paces.likely_conversion, 6) as likely_buying_visits_per_week,
    round(paces.visits_per_week_now * paces.likely_conversion, 6)
        as likely_buying_visits_per_week_now,
    round(paces.visits_fading_30d * paces.likely_conversion, 6) as likely_buying_visits_fading,
    round(paces.weekend_visits / paces.visits, 6) as weekend_visit_share,
    round(paces.night_visits / paces.visits, 6) as night_visit_share,
    round(paces.morning_visits / paces.visits, 6) as morning_visit_share,
    round(paces.afternoon_visits / paces.visits, 6) as afternoon_visit_share,
    tastes.viewed_categories,
    round(tastes.favourite_category_share, 6) as favourite_category_share,
    tastes.favourite_category_price_cents,
    round(paces.likely_price_rank, 6) as likely_price_rank,
    paces.known_through,
from paces
left join tastes on paces.as_of = tastes.as_of and paces.user_id = tastes.user_id
