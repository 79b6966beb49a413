select id as refund_id, payment_id, {{ cents_to_units('amount') }} as amount, refunded_at
from {{ source('shop', 'refunds') }}
