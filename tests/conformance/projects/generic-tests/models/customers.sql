select 1 as id from {{ source('app', 'raw') }}
