/* ---
path: /api/users/{user_id}/activity
summary: What one user did, the newest first; times are UTC
parameters:
  user_id:
    type: integer
    minimum: -2147483648
    maximum: 2147483647
    description: Whose activity
    example: 1
  action:
    type: string
    default: null
    max_length: 50
    description: Only events with this action
    example: purchase
page:
  by: [event_timestamp, id]
  descending: true
  size: 100
  max_size: 1000
--- */
select
    user_activity.id,
    user_activity.action,
    user_activity.event_timestamp,
    user_activity.details
from user_activity
where
    user_activity.user_id = :user_id
    and (:action is null or user_activity.action = :action)
