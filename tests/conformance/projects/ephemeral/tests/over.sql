select * from {{ ref('outer_') }} where id < 0
