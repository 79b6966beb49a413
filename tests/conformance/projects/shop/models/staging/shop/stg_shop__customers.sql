select
    id as customer_id,
    trim(first_name) || ' ' || trim(last_name) as full_name,
    lower(email) as email,
    country,
    created_at as registered_at
from {{ source('shop', 'customers') }}
where not is_test
qualify row_number() over (partition by id order by updated_at desc) = 1
