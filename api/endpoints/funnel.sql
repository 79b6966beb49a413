/* ---
path: /api/reports/funnel
summary: Users at each step towards a purchase and the rates between steps, day by day; days are those of UTC
parameters:
  since:
    type: date
    default: null
    description: First day
    example: 2024-11-01
  until:
    type: date
    default: null
    description: Last day
cache_seconds: 60
--- */
select
    daily_funnel.day,
    daily_funnel.visitors,
    daily_funnel.viewers,
    daily_funnel.carters,
    daily_funnel.checkouts,
    daily_funnel.purchasers,
    daily_funnel.view_to_cart_rate,
    daily_funnel.cart_to_checkout_rate,
    daily_funnel.checkout_to_purchase_rate,
    daily_funnel.view_to_purchase_rate
from daily_funnel
where
    (:since is null or daily_funnel.day >= :since)
    and (:until is null or daily_funnel.day <= :until)
order by daily_funnel.day
