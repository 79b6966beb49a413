-- One row per visit of a user; times are UTC, money is cents.
with activity as (

    select * from {{ ref('stg_user_activity') }}

),

-- Events without session_id are cut into visits where a user pauses for more than 30 minutes.
cuts as (

    select
        activity.*,
        case
            when activity.session_id is not null then 0
            when activity.event_timestamp
                <= lag(activity.event_timestamp) over in_order + interval 30 minutes then 0
            else 1
        end as is_first_of_visit,
    from activity
    window in_order as (
        partition by activity.user_id, activity.session_id is null
        order by activity.event_timestamp, activity.activity_id
    )

),

numbered as (

    select
        cuts.*,
        sum(cuts.is_first_of_visit) over (
            partition by cuts.user_id, cuts.session_id is null
            order by cuts.event_timestamp, cuts.activity_id
            rows unbounded preceding
        ) as visit_number,
    from cuts

),

visits as (

    select
        numbered.user_id,
        numbered.session_id,
        case when numbered.session_id is null then numbered.visit_number end as inferred_number,
        count(*) as event_count,
        count(*) filter (where numbered.action = 'view_product') as view_count,
        count(*) filter (where numbered.action = 'add_to_cart') as cart_count,
        count(*) filter (where numbered.action = 'checkout') as checkout_count,
        count(*) filter (where numbered.action = 'purchase') as purchase_count,
        coalesce(
            sum(numbered.price_cents * numbered.quantity) filter (where numbered.action = 'purchase'),
            0
        )::bigint as revenue_cents,
        min(numbered.event_timestamp) as started_at,
        max(numbered.event_timestamp) as ended_at,
    from numbered
    group by numbered.user_id, numbered.session_id, inferred_number

)

select
    case
        when visits.session_id is null
            then 'pause:' || visits.user_id || ':' || epoch_us(visits.started_at)
        else 'given:' || visits.user_id || ':' || visits.session_id
    end as session_key,
    visits.user_id,
    visits.session_id,
    visits.event_count,
    visits.view_count,
    visits.cart_count,
    visits.checkout_count,
    visits.purchase_count,
    visits.revenue_cents,
    date_diff('second', visits.started_at, visits.ended_at) as duration_seconds,
    visits.purchase_count > 0 as has_purchase,
    visits.session_id is null as is_inferred,
    visits.started_at,
    visits.ended_at,
from visits
