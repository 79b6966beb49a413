select id, amount, at from {{ source('app', 'orders') }}
