select 1 as id from {{ source('s', 't') }}
