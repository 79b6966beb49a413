select ordered_on
{%- for c in var('currencies') %},
    sum(case when currency = '{{ c }}' then net_amount end) as {{ c }}
{%- endfor %}
from {{ ref('orders') }} group by ordered_on
