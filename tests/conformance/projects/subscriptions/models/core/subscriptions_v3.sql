select * from {{ ref('base_subscriptions') }}
