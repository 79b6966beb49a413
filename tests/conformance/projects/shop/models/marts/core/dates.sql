{{ dbt.date_spine('day', "cast('" ~ var('first_order_on') ~ "' as date)", "cast('2025-01-01' as date)") }}
