select id as plan_id, name as plan_name, interval_months from {{ source('billing', 'plans') }}
