select id as campaign_id, name, utm from {{ source('tracker', 'campaigns') }}
