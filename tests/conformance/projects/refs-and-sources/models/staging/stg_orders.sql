select order_id, customer_id, amount_cents / 100.0 as amount
from {{ source('app', 'orders') }}
