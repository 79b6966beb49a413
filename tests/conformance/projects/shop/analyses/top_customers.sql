select full_name, count(*) from {{ ref('orders') }} join {{ ref('customers') }} using (customer_id) group by 1 order by 2 desc limit {{ var('top', 10) }}
