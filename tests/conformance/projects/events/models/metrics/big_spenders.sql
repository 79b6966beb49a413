{{ config(materialized='ephemeral') }}
select user_id from {{ ref('event_purchase') }} group by 1 having sum(value) > 1000
