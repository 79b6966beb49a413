select * from {{ ref('subscriptions') }} union all by name select * from {{ ref('subscriptions', v=3) }}
