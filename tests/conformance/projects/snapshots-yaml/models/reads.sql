select * from {{ ref('first') }}
