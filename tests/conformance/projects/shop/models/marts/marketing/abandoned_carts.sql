select c.* from {{ ref('carts') }} as c anti join {{ ref('orders') }} as o using (customer_id)
