{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', begin='2024-01-01', batch_size='day', lookback=2, concurrent_batches=true, unique_key='id') }}
select id, at::date as day from {{ ref('events') }} join {{ ref('plain') }} using (id) join {{ source('s', 't') }} using (id) join {{ ref('events').render() }} as again using (id)
