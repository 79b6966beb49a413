select anonymous_id, user_id from {{ source('tracker', 'identities') }} qualify row_number() over (partition by anonymous_id order by seen_at desc) = 1
