select cast(range as date) as month from range(date '2020-01-01', date '2025-01-01', interval 1 month)
