-- both quotes, and blanks inside the call
select c.customer_id, c.name, r.region
from {{ source( "app",  "customers" ) }} as c
left join {{ ref('regions') }} as r on r.country = c.country
