with orders as (

    select * from {{ ref('stg_orders') }}

),

customers as (

    select * from {{ ref('refs_and_sources', 'stg_customers') }}

)

select orders.order_id, customers.name, orders.amount
from orders
left join customers on customers.customer_id = orders.customer_id
