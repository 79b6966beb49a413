select id as campaign_id, name as campaign_name, channel from {{ source('ads', 'campaigns') }}
