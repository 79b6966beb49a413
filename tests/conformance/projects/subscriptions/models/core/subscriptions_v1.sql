select subscription_id, customer_id, plan_name from {{ ref('base_subscriptions') }}
