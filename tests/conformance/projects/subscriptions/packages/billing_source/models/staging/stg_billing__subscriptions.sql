select id as subscription_id, customer_id, plan_id, started_at, ended_at, {{ finance_tools.money('price') }} as price from {{ source('billing', 'subscriptions') }}
