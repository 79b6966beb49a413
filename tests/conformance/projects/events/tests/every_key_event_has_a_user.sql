select * from {{ ref('key_events') }} where user_id is null
