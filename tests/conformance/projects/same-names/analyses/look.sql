select * from {{ ref('same_names', 'orders') }}
