/* ---
path: /api/reports/monthly-activity
summary: Active users, events, purchases and revenue of each month, in order; months are those of UTC
parameters:
  since:
    type: date
    default: null
    description: From the month of this day on
    example: 2024-11-01
  until:
    type: date
    default: null
    description: Up to the month of this day
cache_seconds: 60
--- */
select
    monthly_user_activity.month,
    count(*) as active_users,
    sum(monthly_user_activity.event_count)::bigint as event_count,
    sum(monthly_user_activity.purchase_count)::bigint as purchase_count,
    sum(monthly_user_activity.revenue_cents)::bigint as revenue_cents
from monthly_user_activity
where
    (:since is null or monthly_user_activity.month >= date_trunc('month', :since::timestamp))
    and (:until is null or monthly_user_activity.month <= :until)
group by monthly_user_activity.month
order by monthly_user_activity.month
