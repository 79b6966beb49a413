select * from {{ ref('ext') }}
