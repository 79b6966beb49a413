select id as product_id, name as product_name, category, {{ cents_to_units('list_price') }} as list_price, attributes ->> 'colour' as colour
from {{ source('shop', 'products') }}
