select id, amount, placed_at from {{ source('app', 'orders') }}
