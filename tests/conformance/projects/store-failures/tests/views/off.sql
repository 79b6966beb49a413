{{ config(store_failures=false) }}
select * from {{ ref('m') }} where id < 2
