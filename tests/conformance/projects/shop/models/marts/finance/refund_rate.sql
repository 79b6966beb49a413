{{ config(materialized='view') }}
select ordered_on, avg((net_amount < paid_amount)::int) as rate from (select o.*, card_amount + transfer_amount as paid_amount from {{ ref('orders') }} as o) group by 1
