{{ config(severity='warn', limit=10, tags='head') }}
select * from {{ ref('orders') }} where amount < 0
