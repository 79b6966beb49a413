select s.subscription_id, s.customer_id, m.month, s.price / s.interval_months as monthly_price
from {{ ref('base_subscriptions') }} as s
join {{ ref('base_months') }} as m on m.month >= {{ finance_tools.month_of('s.started_at') }} and (s.ended_at is null or m.month < s.ended_at)
