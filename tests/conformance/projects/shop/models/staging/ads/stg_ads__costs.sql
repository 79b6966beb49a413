select campaign_id, day, cost, currency from {{ source('ads', 'costs') }}
