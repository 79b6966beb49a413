select event_id, user_id, occurred_at,{{ properties_of('page_view') }}
from {{ ref('stg_events__identified') }} where event = 'page_view'
