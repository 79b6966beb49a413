select * from {{ ref('middle') }} union all select * from {{ ref('middle') }}
