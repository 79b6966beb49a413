{{ config(severity='warn', tags=['finance']) }}
select * from {{ ref('orders') }} where ordered_at > now()
