with months as (
    select customer_id, month, sum(monthly_price) as mrr from {{ ref('subscription_months') }} group by all
),
steps as (
    select *, lag(mrr) over (partition by customer_id order by month) as before from months
)
select month,
{%- for kind, condition in [('new', 'before is null'), ('expansion', 'mrr > before'), ('contraction', 'mrr < before')] %}
    {{ finance_tools.money("sum(case when " ~ condition ~ " then mrr - coalesce(before, 0) else 0 end)") }} as {{ kind }}{{ "," if not loop.last }}
{%- endfor %}
from steps group by month
