select distinct plan_id, plan_name, interval_months from {{ ref('base_subscriptions') }}
