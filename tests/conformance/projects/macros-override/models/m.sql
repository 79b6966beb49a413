select {{ dbt.current_timestamp() }} as a, {{ current_timestamp() }} as b, {{ dateadd('day', 1, 'd') }} as c, {{ dbt.dateadd('day', 1, 'd') }} as e
