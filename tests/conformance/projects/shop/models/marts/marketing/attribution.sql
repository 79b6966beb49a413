select o.order_id, o.net_amount, last(k.campaign_id order by k.clicked_at) as campaign_id
from {{ ref('orders') }} as o
join {{ ref('stg_ads__clicks') }} as k on k.customer_id = o.customer_id and k.clicked_at < o.ordered_at
group by all
