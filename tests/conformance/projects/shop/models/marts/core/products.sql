select p.*, sum(l.quantity) as sold
from {{ ref('stg_shop__products') }} as p left join {{ ref('order_lines') }} as l using (product_id)
group by all
