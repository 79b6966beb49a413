select s.*, p.plan_name, p.interval_months from {{ ref('billing_source', 'stg_billing__subscriptions') }} as s join {{ ref('stg_billing__plans') }} as p using (plan_id)
