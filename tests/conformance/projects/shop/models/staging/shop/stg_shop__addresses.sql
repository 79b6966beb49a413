select id as address_id, customer_id, city, country, is_default from {{ source('shop', 'addresses') }}
