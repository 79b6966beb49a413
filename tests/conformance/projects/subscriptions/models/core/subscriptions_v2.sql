select subscription_id, customer_id, plan_id, plan_name, price, started_at from {{ ref('base_subscriptions') }}
