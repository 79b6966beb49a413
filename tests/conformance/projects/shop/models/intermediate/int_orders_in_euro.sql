select o.order_id, {{ convert('o.total_amount', 'o.currency', 'o.ordered_on') }} as total_eur
from {{ ref('stg_shop__orders') }} as o
