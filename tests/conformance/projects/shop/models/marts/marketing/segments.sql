select customer_id, case {% for s in ['new', 'loyal', 'gone'] %} when order_count {{ {'new': '= 1', 'loyal': '> 1', 'gone': '= 0'}[s] }} then '{{ s }}'{% endfor %} end as segment
from {{ ref('customers') }}
