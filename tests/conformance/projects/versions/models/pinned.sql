select * from {{ ref('orders', v=1) }}
union all by name select * from {{ ref('orders', version=3) }}
union all by name select * from {{ ref('versioned', 'orders', v='2') }}
union all by name select * from {{ ref('words', v='first') }}
