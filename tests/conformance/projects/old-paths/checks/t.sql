select * from {{ ref('m') }} where false
