select * from {{ ref('orders') }} join {{ ref('words') }} using (id)
