select
    order_id,
    line_number,
    product_id,
    quantity,
    {{ cents_to_units('price') }} as unit_price,
    {{ cents_to_units('discount', 4) }} as discount
from {{ source('shop', 'order_lines') }}
