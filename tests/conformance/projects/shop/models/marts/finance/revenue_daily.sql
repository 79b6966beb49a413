select ordered_on, sum(total_eur) as revenue_eur
from {{ ref('orders') }} join {{ ref('int_orders_in_euro') }} using (order_id)
group by ordered_on
