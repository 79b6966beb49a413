/* ---
path: /api/reports/top-purchasers
summary: The users with the most purchases, the most first
parameters:
  limit:
    type: integer
    default: 10
    minimum: 1
    maximum: 100
    description: How many users
cache_seconds: 60
--- */
select
    purchases_by_user.user_id,
    purchases_by_user.total_purchases
from purchases_by_user
order by purchases_by_user.total_purchases desc, purchases_by_user.user_id
limit :limit
