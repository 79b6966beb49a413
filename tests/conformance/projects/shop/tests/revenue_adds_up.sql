select sum(r.revenue_eur) - sum(o.total_eur) as difference
from {{ ref('revenue_daily') }} as r, {{ ref('int_orders_in_euro') }} as o
having abs(difference) > 0.01
