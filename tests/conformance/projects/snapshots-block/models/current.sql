select * from {{ ref('orders_history') }} where dbt_valid_to is null
