with numbers as ({{ dbt.generate_series(5) }}) select * from numbers {{ dbt.get_powers_of_two(20) }}
