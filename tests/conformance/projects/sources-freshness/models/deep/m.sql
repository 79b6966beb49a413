select * from {{ source('shop', 'orders') }}, {{ source('shop', 'no_freshness') }}, {{ source('defaults', 't') }}, {{ source('shop', 'by_config') }}
