select
    id as order_id,
    ordered_at as order_date,
    customer,
    amount_cents,
    status = 'paid' as is_paid
from {{ ref('raw_orders') }}
