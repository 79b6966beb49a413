with clicks as (
    select campaign_id, count(*) as clicks from {{ ref('stg_ads__clicks') }} group by 1
),
costs as (
    select campaign_id, sum(cost) as cost from {{ ref('stg_ads__costs') }} group by 1
),
attributed as (
    select * from {{ ref('attribution') }}
)
select c.campaign_name, clicks.clicks, costs.cost, sum(attributed.net_amount) as revenue
from {{ ref('stg_ads__campaigns') }} as c
left join clicks using (campaign_id) left join costs using (campaign_id) left join attributed using (campaign_id)
group by all
