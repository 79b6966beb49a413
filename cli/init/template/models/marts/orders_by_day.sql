select
    order_date,
    count(*) as orders,
    sum(amount_cents) as amount_cents
from {{ ref('stg_orders') }}
where is_paid
group by order_date
