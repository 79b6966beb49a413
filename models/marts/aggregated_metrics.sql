-- One row per metric of the whole shop, as of this build; times are UTC, money is cents.
with activity as (

    select * from {{ ref('stg_user_activity') }}

),

sessions as (

    select * from {{ ref('int_user_sessions') }}

),

users as (

    select * from {{ ref('users') }}

),

active as (

    select * from {{ ref('active_users') }}

),

dead_letters as (

    select * from {{ source('ops', 'dead_letters') }}

),

activity_totals as (

    select
        count(*) as total_events,
        count(*) filter (where activity.is_late) as late_events,
        count(*) filter (where activity.event_timestamp > timezone('UTC', now())) as future_events,
        count(*) filter (where activity.action = 'purchase') as total_purchases,
        sum(activity.price_cents * activity.quantity) filter (where activity.action = 'purchase')
            as revenue_cents,
    from activity

),

session_totals as (

    select
        count(*) as total_sessions,
        count(*) filter (where sessions.has_purchase) / nullif(count(*), 0) as session_conversion_rate,
        avg(sessions.duration_seconds) as average_session_seconds,
    from sessions

),

metrics as (

    select 'total_events' as metric_name, activity_totals.total_events as metric_value,
    from activity_totals
    union all
    select 'late_events', activity_totals.late_events from activity_totals
    union all
    select 'future_events', activity_totals.future_events from activity_totals
    union all
    select 'total_purchases', activity_totals.total_purchases from activity_totals
    union all
    select 'revenue_cents', coalesce(activity_totals.revenue_cents, 0) from activity_totals
    union all
    select 'dead_letters', count(*) from dead_letters
    union all
    select 'total_users', count(*) from users
    union all
    select 'active_users', active.active_users from active
    union all
    select 'total_sessions', session_totals.total_sessions from session_totals

),

ratios as (

    select
        'session_conversion_rate' as metric_name,
        session_totals.session_conversion_rate as metric_value,
    from session_totals
    union all
    select 'average_session_seconds', session_totals.average_session_seconds from session_totals

),

-- Counts and cents stay exact; only ratios pass through a floating-point number.
every_metric as (

    select metrics.metric_name, metrics.metric_value::decimal(38, 6) as metric_value,
    from metrics
    union all
    select ratios.metric_name, round(coalesce(ratios.metric_value, 0), 6)::decimal(38, 6),
    from ratios

)

select
    every_metric.metric_name,
    every_metric.metric_value,
    timezone('UTC', now()) as created_at,
from every_metric
