select * from {{ source('files', 'orders') }}
union all select * from {{ source('files', 'customers') }}
union all select * from {{ source('by_config', 'events') }}
union all select * from {{ source('template', 'clicks') }}
union all select * from {{ source('old', 'views') }}
