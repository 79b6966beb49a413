{{ config(group="finance") }} select o.* from {{ ref('orders') }} o, {{ ref('customers') }} c, {{ ref('orders_snap') }} s
