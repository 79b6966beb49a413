select p.order_id, sum(r.amount) as refunded_amount
from {{ ref('stg_shop__refunds') }} as r
join {{ ref('stg_shop__payments') }} as p using (payment_id)
group by 1
