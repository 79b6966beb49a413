select 1 from {{ ref('orders') }} where false
