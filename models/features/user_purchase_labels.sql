-- One row per row of user_purchase_features whose future is known: did the user buy within the horizon?
with due_instants as (

    select
        instants.*,
        instants.as_of + interval {{ var('purchase_horizon_days') }} days as horizon_ends_at,
        instants.as_of
        + interval {{ var('purchase_horizon_days') + var('purchase_label_wait_days') }} days
            as known_at,
        greatest(known_at, instants.history_loaded_until) as landed_before_known,
    from {{ ref('int_feature_instants') }} as instants
    where
        -- An hour late, as the features are.
        known_at <= instants.last_event_at - interval 1 hour
        {% if is_incremental() %}
        and not exists (
            select 1
            from {{ this }} as served
            where
                served.as_of = instants.as_of
                and served.known_through
                >= least(landed_before_known + interval 1 hour, instants.last_landed_at)
        )
        {% endif %}

),

features as (

    select * from {{ ref('user_purchase_features') }}

),

activity as (

    select * from {{ ref('stg_user_activity') }}

),

buyers as (

    select distinct
        due_instants.as_of,
        activity.user_id,
    from due_instants
    inner join activity
        on
            activity.event_timestamp >= due_instants.as_of
            and activity.event_timestamp < due_instants.horizon_ends_at
            and activity.landed_at < due_instants.landed_before_known
    where activity.action = 'purchase'

)

select
    features.user_id,
    features.as_of,
    buyers.user_id is not null as purchased_within_horizon,
    {{ var('purchase_horizon_days') }}::bigint as horizon_days,
    due_instants.known_at,
    due_instants.last_landed_at as known_through,
from due_instants
inner join features on due_instants.as_of = features.as_of
left join buyers on features.as_of = buyers.as_of and features.user_id = buyers.user_id
