with lines as (
    select * from {{ ref('int_order_lines_priced') }}
)
select order_id, sum(line_amount) as goods_amount, count(*) as line_count
from lines
group by order_id
