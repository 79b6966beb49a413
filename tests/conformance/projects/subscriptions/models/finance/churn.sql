select a.month, count(*) filter (b.customer_id is null) / count(*) as rate
from {{ ref('subscription_months') }} as a left join {{ ref('subscription_months') }} as b on b.customer_id = a.customer_id and b.month = {{ dbt.dateadd('month', 1, 'a.month') }}
group by 1
