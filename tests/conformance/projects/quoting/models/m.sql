select 1 as id from {{ source('a', 't') }}, {{ source('b', 't') }}
