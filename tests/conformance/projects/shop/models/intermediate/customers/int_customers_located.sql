select c.customer_id, coalesce(a.country, c.country) as country, a.city
from {{ ref('stg_shop__customers') }} as c
left join {{ ref('stg_shop__addresses') }} as a on a.customer_id = c.customer_id and a.is_default
