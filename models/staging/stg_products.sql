-- One row per product of the shop; prices are cents.
with products as (

    select * from {{ ref('products') }}

)

select
    products.product_id::bigint as product_id,
    products.name::varchar as product_name,
    products.category::varchar as category,
    products.price_cents::bigint as price_cents,
from products
