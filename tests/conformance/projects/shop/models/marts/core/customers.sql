with customers as (select * from {{ ref('stg_shop__customers') }}),
firsts as (select * from {{ ref('int_customers_first_order') }}),
places as (select * from {{ ref('int_customers_located') }})
select customers.*, firsts.first_ordered_at, firsts.order_count, places.city,
    coalesce(firsts.order_count, 0) > 1 as is_returning
from customers left join firsts using (customer_id) left join places using (customer_id)
