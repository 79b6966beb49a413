select
    l.*,
    l.quantity * l.unit_price - l.discount as line_amount,
    p.category
from {{ ref('stg_shop__order_lines') }} as l
left join {{ ref('stg_shop__products') }} as p using (product_id)
