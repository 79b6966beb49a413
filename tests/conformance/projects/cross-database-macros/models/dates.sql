select {{ dbt.dateadd('day', 1, 'a') }} as a, {{ dbt.datediff('a', 'b', 'month') }} as b, {{ dbt.date_trunc('week', 'a') }} as c, {{ dbt.last_day('a', 'month') }} as d,
{{ dbt.current_timestamp() }} as e, {{ dbt.date(2024, 1, 2) }} as f, {{ dbt.last_day('a', 'quarter') }} as g, {{ dbt.current_timestamp_backcompat() }} as h,
{{ dbt.dateadd(datepart='hour', interval=-3, from_date_or_timestamp="cast('2024-01-01' as timestamp)") }} as i, {{ datediff("a", "b", 'day') }} as j
from t
{{ dbt.date_spine('day', "cast('2024-01-01' as date)", "cast('2024-01-03' as date)") }}
