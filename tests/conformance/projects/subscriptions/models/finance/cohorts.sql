select first_month, month, count(distinct customer_id) as n from (select *, min(month) over (partition by customer_id) as first_month from {{ ref('subscription_months') }}) group by all
