-- One row per distinct user action, as applications read it; times are UTC.
with new_activity as (

    select * from {{ new_rows(ref('stg_user_activity')) }}

)

select
    new_activity.activity_id as id,
    new_activity.user_id,
    -- Longer ones are cut: the published column holds 50 characters.
    left(new_activity.action, 50) as action,
    new_activity.event_timestamp,
    json_merge_patch(
        case when json_type(new_activity.details) = 'OBJECT' then new_activity.details else '{}' end,
        json_object(
            'event_id', new_activity.event_id,
            'session_id', new_activity.session_id,
            'product_id', new_activity.product_id
        )
    ) as details,
from new_activity
-- The published key is a four-byte integer; nobody else has such a user_id.
where new_activity.user_id between -2147483648 and 2147483647
