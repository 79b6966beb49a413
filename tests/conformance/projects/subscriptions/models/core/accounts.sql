select customer_id, name, country from {{ ref('base_customers') }}
