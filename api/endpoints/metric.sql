/* ---
path: /api/metrics/{name}
summary: The newest value of one metric of the whole shop
parameters:
  name:
    type: string
    max_length: 50
    description: Its name, as in total_purchases
    example: total_purchases
shape: object
--- */
select
    aggregated_metrics.metric_name,
    aggregated_metrics.metric_value,
    aggregated_metrics.created_at
from aggregated_metrics
where aggregated_metrics.metric_name = :name
order by aggregated_metrics.created_at desc, aggregated_metrics.metric_id desc
limit 1
