select * from {{ ref('report') }} r join {{ ref('stg_orders') }} s on true where false
