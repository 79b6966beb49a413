{{ config(materialized='view') }}
select started_at::date as day, avg((event_count = 1)::int) as bounce_rate from {{ ref('sessions') }} group by 1
