select {{ dbt.any_value('a') }} as a, {{ dbt.bool_or('a') }} as b, {{ dbt.array_construct([1, 2]) }} as c, {{ dbt.array_construct([], 'integer') }} as d, {{ dbt.array_append('x', 3) }} as e, {{ dbt.array_concat('x', 'y') }} as f,
{{ dbt.except() }} as g, {{ dbt.intersect() }} as h, {{ dbt.limit_zero() if dbt.limit_zero is defined else '' }} as i, {{ dbt.equals('a', 'b') }} as j
