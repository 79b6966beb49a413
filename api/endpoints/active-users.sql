/* ---
path: /api/active-users
summary: Distinct users with at least one event in the last days, up to now
parameters:
  days:
    type: integer
    default: 30
    minimum: 1
    maximum: 3650
    description: How many days of 24 hours to look back from now
source: postgres
shape: object
timeout_ms: 5000
--- */
select count(distinct user_activity.user_id) as active_users
from user_activity
where
    user_activity.event_timestamp > now() at time zone 'utc' - :days * interval '24 hours'
    and user_activity.event_timestamp <= now() at time zone 'utc'
