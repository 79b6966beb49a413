select * from {{ source('billing', 'disputes') }}
