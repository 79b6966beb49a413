{{ config(enabled=true) }}
select * from {{ ref('on_') }}
