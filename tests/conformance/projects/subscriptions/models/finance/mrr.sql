{% set buckets = {'small': '< 50', 'medium': 'between 50 and 500', 'large': '> 500'} %}
select
    month,
    {{ finance_tools.fiscal_year('month') }} as fiscal_year,
    {% for name, condition in buckets.items() -%}
    sum(case when monthly_price {{ condition }} then monthly_price end) as {{ name }}_mrr,
    {% endfor -%}
    sum(monthly_price) as mrr
from {{ ref('subscription_months') }}
group by all
