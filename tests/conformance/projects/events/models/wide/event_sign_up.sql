select event_id, user_id, occurred_at,{{ properties_of('sign_up') }}
from {{ ref('stg_events__identified') }} where event = 'sign_up'
