select click_id, campaign_id, customer_id, clicked_at from {{ source('ads', 'clicks') }}
