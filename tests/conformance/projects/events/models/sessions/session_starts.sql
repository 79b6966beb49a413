{{ config(incremental_strategy='delete+insert', unique_key='session_id') }}
with ordered as (
  select *, lag(occurred_at) over (partition by anonymous_id order by occurred_at) as before
  from {{ ref('stg_events__all') }}
  {% if is_incremental() %}
  where occurred_at > (select max(started_at) from {{ this }}) - interval '{{ var("lookback_days") }} days'
  {% endif %}
)
select {{ dbt.hash("anonymous_id || occurred_at::varchar") }} as session_id, anonymous_id, occurred_at as started_at
from ordered
where before is null or {{ dbt.datediff('before', 'occurred_at', 'minute') }} > {{ var('session_gap_minutes') }}
