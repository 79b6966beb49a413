select * from {{ ref('subscriptions', v=1) }}
