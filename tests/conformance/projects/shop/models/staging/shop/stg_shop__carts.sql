select id as cart_id, customer_id, items, abandoned_at from {{ source('shop', 'carts') }}
