select ordered_on, revenue_eur, revenue_eur - lag(revenue_eur) over (order by ordered_on) as growth from {{ ref('revenue_daily') }}
