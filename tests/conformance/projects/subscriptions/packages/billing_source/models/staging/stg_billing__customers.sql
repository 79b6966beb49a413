select id as customer_id, name, country from {{ source('billing', 'customers') }}
