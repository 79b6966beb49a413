select * from {{ ref('outer_') }}
