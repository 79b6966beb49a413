{%- set upstream = ref('orders') -%}
select name, sum(amount) as revenue
from {{ upstream }}
group by name
-- {{ upstream.identifier }} of {{ upstream.schema }} in {{ upstream.database }}
