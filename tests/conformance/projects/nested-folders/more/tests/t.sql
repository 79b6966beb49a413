select * from {{ ref('four') }} where false
