{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', begin='2024-01-01', batch_size='day') }}
select started_at::date as day, count(*) as sessions from {{ ref('sessions') }} group by 1
