select event_id, user_id, occurred_at, {{ property('amount', type='decimal(10,2)') }} as value,{{ properties_of('purchase') }}
from {{ ref('stg_events__identified') }} where event = 'purchase'
